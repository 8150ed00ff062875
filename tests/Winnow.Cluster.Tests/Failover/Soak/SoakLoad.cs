using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>What goes on all the while: somebody imports, people review, rounds follow each other.</summary>
internal sealed class SoakLoad(SiloCluster cluster, string dataset, SoakRecord record)
{
    private const int Lot = 40;
    private const int BatchSize = 12;
    // Scoring is what takes the processors: an import that ran ahead of it would leave rounds nothing but waiting.
    private const int MostUnscored = 200;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);
    private int _next;

    public int Rounds { get; private set; }

    /// <summary>Imports drawn pictures, lot after lot.</summary>
    public async Task ImportAsync(int first, CancellationToken stop)
    {
        using var client = cluster.NewClient("importer", first);
        while (!stop.IsCancellationRequested)
        {
            // A steady load, not all that two cores can do: what is measured is how soon calls succeed again, not how long they queue.
            await Task.WhenAny(Task.Delay(Pace, TimeProvider.System, stop));
            if ((await client.GetStatusAsync(dataset, CancellationToken.None)).ScoringBacklog > MostUnscored) continue;
            var from = Interlocked.Add(ref _next, Lot) - Lot;
            // A lot that was begun is finished: what it was promised is part of the record.
            await foreach (var result in client.ImportAsync(dataset, DrawnImages.EnumerateAsync(Lot, from), new ImportOptions { LotSize = Lot, Concurrency = 1 }, cancellationToken: CancellationToken.None))
            {
                if (result.Status != IngestStatus.Accepted) throw new InvalidOperationException($"{result.Name} was {result.Status}: {result.Reason}");
                record.Accepted(result.Id!.Value, result.Name);
            }
        }
    }

    /// <summary>Takes tasks, answers them, and now and then gives one back or says that it cannot tell.</summary>
    public async Task ReviewAsync(string actor, int first, CancellationToken stop)
    {
        using var client = cluster.NewClient(actor, first);
        var turn = 0;
        while (!stop.IsCancellationRequested)
        {
            var tasks = await client.LeaseAsync(dataset, new LeaseRequest(4, 500), CancellationToken.None);
            foreach (var task in tasks) record.Leased(task.Image, actor, task.LeasedUntil);
            if (tasks.Count == 0) continue;
            SubmitDecision[] decisions = [.. tasks.Select(t => new SubmitDecision(t.Image, Guid.NewGuid(), Decide(t, turn++), t.Lease))];
            foreach (var (result, decision) in (await client.SubmitAsync(dataset, decisions, CancellationToken.None)).Zip(decisions))
            {
                // Word of an answer that was recorded went down with a silo, so its author was asked once more.
                if (await AnsweredBeforeAsync(client, actor, result)) continue;
                if (result.Status is SubmitStatus.Refused or SubmitStatus.Conflict) throw new InvalidOperationException($"{result.Image} was {result.Status}: {result.Reason}");
                record.Answered(decision.OperationId, result.Image, actor, result.Status);
            }
        }
    }

    private async Task<bool> AnsweredBeforeAsync(WinnowClient client, string actor, SubmitResult result)
    {
        if (result.Status != SubmitStatus.Conflict) return false;
        var history = (await client.GetImageAsync(dataset, result.Image, CancellationToken.None)).History;
        return history.Any(h => h.Actor.EndsWith(actor, StringComparison.Ordinal) && record.Decisions.ContainsKey(h.OperationId));
    }

    /// <summary>Starts a round, waits for its end, starts the next.</summary>
    public async Task LearnAsync(CancellationToken stop)
    {
        using var client = cluster.NewClient("engineer");
        while (!stop.IsCancellationRequested)
        {
            var round = await client.StartRoundAsync(dataset, new StartRound(BatchSize), Guid.NewGuid(), stop);
            var ended = await client.WaitForRoundAsync(dataset, round.Arm, round.Number, cancellationToken: stop);
            if (ended.Step != RoundStep.Done) throw new InvalidOperationException($"Round {ended.Arm}/{ended.Number} failed: {ended.Reason}");
            Rounds++;
        }
    }

    private static Decision Decide(ReviewTask task, int turn) => turn % 17 == 16
        ? new Decision { Kind = DecisionKind.Skip, Annotations = [] }
        : new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(task.Name.Split('/')[0])] };
}
