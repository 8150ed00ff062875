using System.Text.Json;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.MachineDecisions;
using Winnow.Grains.Facts;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;

namespace Winnow.Grains.Shards;

/// <summary>
/// What machines decided about the shard's images, as facts in the ledger. Memory has of each image which kind of decision would stand, and
/// follows what the ledger has committed; what people said is neither read nor touched here. On the shard's own scheduler, one change after
/// the other.
/// </summary>
internal sealed class ShardMachine(ShardWriter writer, ShardIndex index, IShardLedger ledger, TimeProvider time, ILogger logger)
{
    private const int AtOnce = 512;
    private const string Lot = "for a lot of machine decisions";
    private const string Back = "to take machine decisions back";
    private static readonly (TimeSpan, TimeSpan) Pauses = (TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    private readonly SemaphoreSlim _turn = new(1, 1);
    private Task _work = Task.CompletedTask;
    private bool _isAny;
    private bool _isStale;

    /// <summary>Is told when images stand by no machine's decision any more that did.</summary>
    public Action? Freed { get; set; }

    /// <summary>Reads what there is: before anybody enters.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var of = new List<FactRow>();
        await foreach (var fact in ledger.ReadFactsAsync(writer.Key, FactKinds.MachineDecisions.Name, cancellationToken))
        {
            if (of.Count > 0 && of[0].Id.Ordinal != fact.Id.Ordinal) Note(of);
            of.Add(fact);
        }
        Note(of);
    }

    /// <summary>The label schema is another version: some decisions may not be said by it.</summary>
    public void SchemaChanged()
    {
        if (!_isAny) return;
        _isStale = true;
        if (_work.IsCompleted)
            _work = RetryLoop.RunAsync(ReadAnewAsync, (e, pause) => logger.BackgroundStalled(e, writer.Key.ToString(), pause), Pauses, time,
                writer.Closing);
    }

    /// <summary>Waits for the end of what goes on beside calls, which the shard's closing brings.</summary>
    public Task EndAsync() => _work;

    /// <summary>Records decisions. For each row why it was refused; null where it is on disk.</summary>
    public async Task<string?[]> PutAsync(MachineLot lot, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var refused = new string?[lot.Rows.Length];
            var wanted = await FitAsync(lot.Rows, refused, cancellationToken);
            var known = await ReadAsync([.. wanted.Select(w => w.Ordinal).Distinct()], cancellationToken);
            var facts = new Dictionary<FactKey, FactRow>();
            var news = new List<int>();
            foreach (var (row, ordinal, decision) in wanted)
            {
                var fact = FactKinds.MachineDecisions.Decide(ordinal, decision, time.GetUtcNow(), lot.OperationId, lot.Actor);
                FactRow[] before = facts.TryGetValue(fact.Id, out var same) ? [same]
                    : [.. known[ordinal].Where(f => f.Id.Key == decision.Run)];
                if (before.Length > 0) refused[row] = WhyNot(decision, before);
                else
                {
                    facts.Add(fact.Id, fact);
                    news.Add(row);
                }
            }
            if (facts.Count == 0) return refused;
            var stamp = new OperationStamp(lot.Actor, lot.Content);
            var commit = writer.New() with { OperationId = lot.OperationId, Stamp = stamp, Facts = [.. facts.Values] };
            switch (await writer.TryCommitAsync(commit, cancellationToken))
            {
                case ShardCommitStatus.OtherOperation: throw OperationStamp.Conflict(lot.OperationId, Lot);
                case ShardCommitStatus.Conflict: throw writer.Changed();
                case ShardCommitStatus.AlreadyApplied:
                    foreach (var row in news) refused[row] = Late;
                    return refused;
            }
            foreach (var of in facts.Values.GroupBy(f => f.Id.Ordinal)) Note([.. known[of.Key], .. of]);
            return refused;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes decisions back, some at a time: each lot of them is on disk before the next, so the same call goes on after a
    /// crash.</summary>
    public async Task<MachineTakenBack> TakeBackAsync(MachineTakeBack command, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var (stand, before) = await FindAsync(command, cancellationToken);
            var stamp = new OperationStamp(command.Actor, command.Content);
            var now = 0L;
            foreach (var some in stand.Chunk(AtOnce))
            {
                FactRow[] facts = [.. some.Select(f => FactKinds.MachineDecisions.TakeBack(
                    f, command.Reason, time.GetUtcNow(), command.OperationId, command.Actor))];
                var commit = writer.New() with { Facts = facts };
                // The first bears the operation. Where that is known the rest of it was interrupted, and goes on.
                var status = now > 0 ? ShardCommitStatus.AlreadyApplied : await writer.TryCommitAsync(
                    commit with { OperationId = command.OperationId, Stamp = stamp }, cancellationToken);
                if (status == ShardCommitStatus.OtherOperation) throw OperationStamp.Conflict(command.OperationId, Back);
                if (status == ShardCommitStatus.Conflict) throw writer.Changed();
                if (status == ShardCommitStatus.AlreadyApplied) await writer.CommitAsync(commit, cancellationToken);
                now += facts.Length;
                int[] ordinals = [.. some.Select(f => f.Id.Ordinal).Distinct()];
                foreach (var of in await ReadAsync(ordinals, cancellationToken)) Note([.. of]);
            }
            if (now > 0) Freed?.Invoke();
            return new MachineTakenBack(now, before);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What there is of each run.</summary>
    public async Task<MachineRun[]> GetRunsAsync(CancellationToken cancellationToken)
    {
        var runs = new Dictionary<(string, MachineKind, string, string?), MachineRun>();
        var of = new List<FactRow>();
        await foreach (var fact in ledger.ReadFactsAsync(writer.Key, FactKinds.MachineDecisions.Name, cancellationToken))
        {
            if (of.Count > 0 && of[0].Id.Ordinal != fact.Id.Ordinal) Count();
            of.Add(fact);
        }
        Count();
        return [.. runs.Values];

        void Count()
        {
            foreach (var d in MachineDecisionFacts.Read(of, writer.Dataset.Schema))
            {
                var key = (d.Run, d.Kind, d.Source, d.Version);
                var run = runs.GetValueOrDefault(key) ?? new MachineRun(d.Run, d.Kind, d.Source, d.Version, 0, 0, d.At, d.At);
                runs[key] = run with
                {
                    Decisions = run.Decisions + 1,
                    TakenBack = run.TakenBack + (d.TakenBack is null ? 0 : 1),
                    From = d.At < run.From ? d.At : run.From,
                    To = d.At > run.To ? d.At : run.To,
                };
            }
            of.Clear();
        }
    }

    /// <summary>What machines decided about some rows, oldest first; a row of which there is nothing has none.</summary>
    public async Task<ILookup<int, MachineDecision>> DecisionsAsync(IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var facts = _isAny ? await ReadAsync(ordinals, cancellationToken) : Array.Empty<FactRow>().ToLookup(f => f.Id.Ordinal);
        return facts.SelectMany(of => MachineDecisionFacts.Read(of, writer.Dataset.Schema).Select(d => (of.Key, Decision: d)))
            .ToLookup(d => d.Key, d => d.Decision);
    }

    /// <summary>The rows that can be recorded, as they are kept; the others are refused.</summary>
    private async Task<List<(int Row, int Ordinal, ImageMachineDecision Decision)>> FitAsync(
        MachineRow[] rows, string?[] refused, CancellationToken cancellationToken)
    {
        var fit = new List<(int Row, int Ordinal, ImageMachineDecision Decision)>(rows.Length);
        for (var i = 0; i < rows.Length; i++)
        {
            var decision = JsonSerializer.Deserialize(rows[i].Json, ModelJson.Default.ImageMachineDecision)!;
            if (!index.TryFind(rows[i].Image, out var ordinal)) refused[i] = NotHeld;
            else if (index.Has(ordinal, ShardIndex.Flags.Quarantined)) refused[i] = PutAside;
            else if (index.Has(ordinal, ShardIndex.Flags.Holdout)) refused[i] = OfHoldout;
            else fit.Add((i, ordinal, decision));
        }
        if (fit.Count > 0) await writer.FollowSchemaAsync(fit.Max(f => f.Decision.Schema ?? 1), cancellationToken);
        // Shapes lie within their picture, as those of people do.
        int[] shaped = [.. fit.Where(f => f.Decision.Annotations.Any(a => a is not ClassTag)).Select(f => f.Ordinal).Distinct()];
        if (shaped.Length == 0) return fit;
        var images = (await ledger.ReadImagesAsync(writer.Key, shaped, cancellationToken)).ToDictionary(r => r.Ordinal, r => r.Row);
        var kept = new List<(int Row, int Ordinal, ImageMachineDecision Decision)>(fit.Count);
        foreach (var (row, ordinal, decision) in fit)
        {
            if (!images.TryGetValue(ordinal, out var image)) kept.Add((row, ordinal, decision));
            else if (image.Upright is not { } size) refused[row] = SizeUnknown;
            else
            {
                var within = PictureEdge.Fit(decision.Annotations, size.Width, size.Height, out var outside);
                if (outside is null) kept.Add((row, ordinal, decision with { Annotations = within }));
                else refused[row] = outside;
            }
        }
        return kept;
    }

    /// <summary>The decisions that a command means and that were not taken back, and how many were.</summary>
    private async Task<(List<FactRow> Stand, long Before)> FindAsync(MachineTakeBack command, CancellationToken cancellationToken)
    {
        var (made, before) = (new List<FactRow>(), 0L);
        if (command.Image is { } image)
        {
            if (!index.TryFind(image, out var ordinal)) return (made, 0);
            foreach (var fact in (await ReadAsync([ordinal], cancellationToken))[ordinal].OrderBy(f => f.Version)) Meet(fact);
        }
        else
        {
            await foreach (var fact in ledger.ReadFactsAsync(writer.Key, FactKinds.MachineDecisions.Name, cancellationToken))
                Meet(fact with { Payload = null });
        }
        return (made, before);

        void Meet(FactRow fact)
        {
            if (command.Run is { } run && fact.Id.Key != run) return;
            if (fact.Version == MachineDecisionFacts.Made) made.Add(fact);
            else if (made.FindLastIndex(f => f.Id == fact.Id) is >= 0 and var at)
            {
                made.RemoveAt(at);
                before++;
            }
        }
    }

    private async Task<ILookup<int, FactRow>> ReadAsync(IReadOnlyList<int> ordinals, CancellationToken cancellationToken) =>
        (ordinals.Count == 0 ? [] : await ledger.ReadFactsAsync(
            writer.Key, FactKinds.MachineDecisions.Name, ordinals, FactBounds.None, cancellationToken)).ToLookup(f => f.Id.Ordinal);

    private async Task<bool> ReadAnewAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _isStale = false;
            await LoadAsync(cancellationToken);
        }
        catch
        {
            _isStale = true;
            throw;
        }
        finally
        {
            _turn.Release();
        }
        Freed?.Invoke();
        return _isStale;
    }

    /// <summary>Follows all facts of one row, and forgets them.</summary>
    private void Note(List<FactRow> of)
    {
        if (of.Count > 0 && of[0].Id.Ordinal >= 0 && of[0].Id.Ordinal < index.Count)
        {
            _isAny = true;
            var decisions = MachineDecisionFacts.Read(of, writer.Dataset.Schema);
            index.SetMachine(of[0].Id.Ordinal, MachineStanding.Candidate(decisions)?.Kind);
        }
        of.Clear();
    }

    private static string? WhyNot(ImageMachineDecision decision, FactRow[] before)
    {
        if (before.Any(f => f.Version == MachineDecisionFacts.TakenBack)) return Over;
        // What is not said of it is the same: a run decides once, and sends that once more.
        return MachineDecisionFacts.DecisionOf(before[0]) is { } known && AreSame(known, decision) ? null : Otherwise;
    }

    private static bool AreSame(ImageMachineDecision one, ImageMachineDecision other) =>
        Json(one with { Schema = null }).AsSpan().SequenceEqual(Json(other with { Schema = null }));

    private static byte[] Json(ImageMachineDecision decision) =>
        JsonSerializer.SerializeToUtf8Bytes(decision, ModelJson.Default.ImageMachineDecision);

    private const string NotHeld = "The dataset does not hold this image. Import it first.";
    private const string PutAside = "The image is put aside, as its picture cannot be used.";
    private const string OfHoldout = "The image is of the holdout, by which models are measured: people alone say what it shows.";
    private const string SizeUnknown = "An early release took the image in without the way it stands upright, so that nobody knows where "
        + "shapes lie. Send them as prelabels, for a person to confirm.";
    private const string Otherwise = "The run has decided otherwise about this image. Take that back, and send this one under another run.";
    private const string Over = "What the run decided about this image was taken back. Send it under another run.";
    private const string Late = "The operation was recorded before without this one. Send it under an operation of its own.";
}
