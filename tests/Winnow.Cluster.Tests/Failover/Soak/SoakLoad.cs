using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Winnow.Algorithms.Numerics;
using Winnow.Client;
using Winnow.Model;
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
    // Nobody may make as many entries as this about one image, and on a busy machine the same few come again and again.
    private const int Enough = 90;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookPace = TimeSpan.FromMilliseconds(100);
    private int _next;

    public int Rounds { get; private set; }

    /// <summary>Times that somebody was told that an image has changed since they looked at it.</summary>
    public int Conflicts { get; private set; }

    /// <summary>How often somebody's word was taken back.</summary>
    public int TakenBack { get; private set; }

    /// <summary>How often somebody was to look at another's label, and found it right.</summary>
    public int Verified { get; private set; }

    /// <summary>How often somebody was to settle what others disagreed about.</summary>
    public int Arbitrated { get; private set; }

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
            await foreach (var result in client.ImportAsync(dataset, DrawnImages.EnumerateAsync(Lot, from),
                new ImportOptions { LotSize = Lot, Concurrency = 1 }, cancellationToken: CancellationToken.None))
            {
                if (result.Status != IngestStatus.Accepted)
                    throw new InvalidOperationException($"{result.Name} was {result.Status}: {result.Reason}");
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
            var began = Stopwatch.GetTimestamp();
            foreach (var (result, decision) in (await client.SubmitAsync(dataset, decisions, CancellationToken.None)).Zip(decisions))
            {
                record.Answered(decision, result, actor, began);
                // Word of an answer that was recorded went down with a silo, so its author was asked once more.
                if (await AnsweredBeforeAsync(client, actor, result)) continue;
                // Somebody corrected, meanwhile, what was to be verified.
                if (result is { Status: SubmitStatus.Conflict, Reason: { } why } && why.Contains("another word", StringComparison.Ordinal))
                    continue;
                if (result.Status is SubmitStatus.Refused or SubmitStatus.Conflict)
                    throw new InvalidOperationException($"{result.Image} was {result.Status}: {result.Reason}");
            }
        }
    }

    private async Task<bool> AnsweredBeforeAsync(WinnowClient client, string actor, SubmitResult result)
    {
        if (result.Status != SubmitStatus.Conflict) return false;
        var history = (await client.GetImageAsync(dataset, result.Image, CancellationToken.None)).History;
        return history.Any(h => h.Actor.EndsWith(actor, StringComparison.Ordinal)
            && (record.Decisions.ContainsKey(h.OperationId) || record.Unknown.ContainsKey(h.OperationId)));
    }

    /// <summary>
    /// Takes tasks and answers them, and repeats nothing: who hears nothing of an answer never learns whether it was recorded, and who
    /// hears nothing of tasks holds them until their leases run out.
    /// </summary>
    public async Task ReviewOnceAsync(string actor, int first, CancellationToken stop)
    {
        using var client = cluster.NewClient(actor, first, attempts: 0);
        var turn = 0;
        while (!stop.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(Pace, TimeProvider.System, stop));
            var tasks = await AskOnceAsync(() => client.LeaseAsync(dataset, new LeaseRequest(2), CancellationToken.None)) ?? [];
            foreach (var task in tasks) record.Leased(task.Image, actor, task.LeasedUntil);
            foreach (var task in tasks)
            {
                await SubmitOnceAsync(client, new SubmitDecision(task.Image, Guid.NewGuid(), Decide(task, turn++), task.Lease), actor);
            }
        }
    }

    /// <summary>
    /// Takes tasks and keeps them for a while, whatever happens to the silo that gave them; then gives them back.
    /// </summary>
    public async Task KeepAsync(string actor, int first, CancellationToken stop)
    {
        using var client = cluster.NewClient(actor, first);
        await using var keeper = new LeaseKeeper(client, dataset);
        var since = new ConcurrentDictionary<ImageId, DateTimeOffset>();
        keeper.Lost += (image, why) =>
        {
            record.GaveBack(image, actor, since[image]);
            record.Lost.Add((image, actor, since[image], TimeProvider.System.GetUtcNow(), why));
        };
        while (!stop.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(Pace, TimeProvider.System, stop));
            var tasks = await client.LeaseAsync(dataset, new LeaseRequest(2), CancellationToken.None);
            foreach (var task in tasks)
            {
                since[task.Image] = TimeProvider.System.GetUtcNow();
                record.Leased(task.Image, actor, task.LeasedUntil, isKept: true);
            }
            keeper.Keep(tasks);
            if (tasks.Count > 0) await Task.WhenAny(Task.Delay(KeptFor, TimeProvider.System, stop));
            ImageId[] kept = [.. tasks.Select(t => t.Image).Where(i => keeper.LeaseOf(i) is not null)];
            record.WereKept(kept.Length);
            foreach (var image in kept)
            {
                keeper.LetGo(image);
                record.GaveBack(image, actor, TimeProvider.System.GetUtcNow());
            }
            if (kept.Length > 0) await client.ReleaseAsync(dataset, kept, CancellationToken.None);
        }
    }

    /// <summary>
    /// Two people who correct the same answer at the same time, each through a silo of its own: what one of them saw is not so any more
    /// when the other's is recorded.
    /// </summary>
    public async Task CorrectAsync(string one, string other, CancellationToken stop)
    {
        using var client = cluster.NewClient(one, attempts: 0);
        using var second = cluster.NewClient(other, 1, attempts: 0);
        var random = new SeededRandom(11);
        while (!stop.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(Pace, TimeProvider.System, stop));
            if (record.AnsweredLately(random) is not { } image || await LookOnceAsync(client, image) is not { Version: < Enough } seen)
                continue;
            SubmitDecision Corrected() => new(image, Guid.NewGuid(), new Decision
            {
                Kind = DecisionKind.Label,
                Annotations = [new ClassTag(seen.Name.Split('/')[0])],
            }, ExpectedVersion: seen.Version);
            var results = await Task.WhenAll(SubmitOnceAsync(client, Corrected(), one), SubmitOnceAsync(second, Corrected(), other));
            if (results.Contains(SubmitStatus.Conflict)) Conflicts++;
        }
    }

    /// <summary>
    /// Takes back what others said a moment ago, and now and then takes that back too: the image is open again and goes to somebody else.
    /// </summary>
    public async Task TakeBackAsync(string actor, CancellationToken stop)
    {
        using var client = cluster.NewClient(actor, 2, attempts: 0);
        var random = new SeededRandom(12);
        while (!stop.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(Pace, TimeProvider.System, stop));
            if (record.AnsweredLately(random) is not { } image
                || await LookOnceAsync(client, image) is not { Version: > 0 and < Enough } seen) continue;
            var decision = new Decision { Kind = DecisionKind.TakeBack, Of = seen.Version };
            var command = new SubmitDecision(image, Guid.NewGuid(), decision, ExpectedVersion: seen.Version);
            var status = await SubmitOnceAsync(client, command, actor);
            if (status == SubmitStatus.Recorded) TakenBack++;
        }
    }

    /// <summary>Looks at images that people are at, again and again, through one silo after the other.</summary>
    public async Task LookAsync(int first, CancellationToken stop)
    {
        var clients = Enumerable.Range(first, cluster.Silos.Count).Select(i => cluster.NewClient("reader", i, attempts: 0)).ToArray();
        var random = new SeededRandom((ulong)first);
        try
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await Task.WhenAny(Task.Delay(LookPace, TimeProvider.System, stop));
                if (record.AnsweredLately(random) is { } image) await LookOnceAsync(clients[i % clients.Length], image);
            }
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    private async Task<ImageDetail?> LookOnceAsync(WinnowClient client, ImageId image)
    {
        var began = Stopwatch.GetTimestamp();
        var detail = await AskOnceAsync(() => client.GetImageAsync(dataset, image, CancellationToken.None));
        if (detail is not null) record.Looked(detail, began);
        return detail;
    }

    /// <summary>Sends a decision once; null where no word came back.</summary>
    private async Task<SubmitStatus?> SubmitOnceAsync(WinnowClient client, SubmitDecision decision, string actor)
    {
        var began = Stopwatch.GetTimestamp();
        var results = await AskOnceAsync(() => client.SubmitAsync(dataset, [decision], CancellationToken.None));
        if (results is null) record.NotAnswered(decision, began);
        else record.Answered(decision, results[0], actor, began);
        // Who corrected what a verifier then saw otherwise is a side of that dispute.
        if (results?[0] is { Status: SubmitStatus.Refused } refused
            && !(decision.Lease is null && refused.Reason!.Contains("you are one of them", StringComparison.Ordinal)))
            throw new InvalidOperationException($"{decision.Image} was refused: {refused.Reason}");
        return results?[0].Status;
    }

    private static async Task<T?> AskOnceAsync<T>(Func<Task<T>> ask) where T : class
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException
            or WinnowApiException { Status: >= HttpStatusCode.InternalServerError } or WinnowApiException { Code: RefusalCodes.TasksHeld })
        {
            return null;
        }
    }

    /// <summary>Starts a round, waits for its end, starts the next.</summary>
    public async Task LearnAsync(CancellationToken stop)
    {
        using var client = cluster.NewClient("engineer");
        while (!stop.IsCancellationRequested)
        {
            var round = await client.StartRoundAsync(dataset, new StartRound(BatchSize), Guid.NewGuid(), stop);
            var ended = await client.WaitForRoundAsync(dataset, round.Arm, round.Number, cancellationToken: stop);
            if (ended.Step != RoundStep.Done)
                throw new InvalidOperationException($"Round {ended.Arm}/{ended.Number} failed: {ended.Reason}");
            Rounds++;
        }
    }

    /// <summary>Now and then nobody can tell, and now and then a verifier sees what others do not.</summary>
    private Decision Decide(ReviewTask task, int turn)
    {
        if (turn % 17 == 16) return new Decision { Kind = DecisionKind.Skip, Annotations = [] };
        var shows = task.Name.Split('/')[0];
        if (task.Kind == TaskKind.Verify && turn % 4 != 3)
        {
            Verified++;
            return new Decision { Kind = DecisionKind.Confirm };
        }
        if (task.Kind == TaskKind.Verify) shows = DrawnImages.Classes.First(c => c != shows);
        if (task.Kind == TaskKind.Arbitrate) Arbitrated++;
        return new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(shows)] };
    }
}
