using System.Diagnostics;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Security;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Images;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Health;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>One image in review: loads its history, folds it, appends to it, tells the queue.</summary>
[SiloRole(SiloTraits.Core), GrainType(ShardPlacement.ImageTypeName)]
internal sealed partial class ImageGrain(
    KnownDatasets datasets, IShardLedger ledger, IObjectStore objects, IImageHeaders headers, LeaseKeyring keyring, KnownLevel level,
    TimeProvider time) : Grain, IImageGrain
{
    // As people said it, and the same as the newest schema has it, which is what everything is judged by.
    private readonly List<HistoryEntry> _said = [];
    private readonly List<HistoryEntry> _history = [];
    private DatasetInfo _dataset = null!;
    private ImageId _image;
    private LeaseTokens _leases = null!;
    private bool _loaded;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        var slash = key.IndexOf('/');
        if (slash < 0 || !ImageId.TryParse(key[(slash + 1)..], out _image))
            throw new RefusedException($"'{key}' does not name an image of a dataset.");
        _dataset = await datasets.GetAsync(key[..slash], cancellationToken);
    }

    private Task<T> OnShardAsync<TShard, T>(Func<TShard, Task<T>> call, CancellationToken cancellationToken)
        where TShard : IGrainWithStringKey =>
        datasets.OnShardsAsync(_dataset.Name,
            shards => call(GrainFactory.GetGrain<TShard>(GrainKeys.Shard(_dataset.Name, shards.ShardOf(_image)))), cancellationToken);

    private Task LoadedAsync(CancellationToken cancellationToken) => _loaded ? Task.CompletedTask : LoadAsync(cancellationToken);

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var dataset = await datasets.GetAsync(_dataset.Name, cancellationToken);
        var rows = await ledger.ReadHistoryAsync(new ShardKey(_dataset.Name, dataset.Shards.ShardOf(_image)), _image, cancellationToken);
        _said.Clear();
        try
        {
            foreach (var row in rows) _said.Add(ImageHistory.FromRow(row));
            MapHistory();
        }
        catch (SetAsideException broken)
        {
            DeactivateOnIdle();
            GrainFactory.GetGrain<ISetAsideNotesGrain>(0).NoteAsync(new SetAsideItem(
                SetAsideKind.Image, GrainKeys.Image(_dataset.Name, _image), _dataset.Name, broken.Message,
                "Mend its history in the ledger, or restore a backup of the dataset under another name; then discard the dataset. "
                + "All other images are worked with."), CancellationToken.None).Ignore();
            throw;
        }
        _loaded = true;
    }

    public Task<SubmitResult> SubmitAsync(SubmitDecision command, string actor, CancellationToken cancellationToken) =>
        SubmitAsync(command, actor, SubmitBounds.Person, cancellationToken);

    public async Task<SubmitResult> AmendOwnAsync(SubmitDecision command, string actor, CancellationToken cancellationToken) => OfOwn(
        await SubmitAsync(
            command, actor, command.Lease is null ? SubmitBounds.Own : SubmitBounds.Asked, cancellationToken), actor);

    private async Task<SubmitResult> SubmitAsync(
        SubmitDecision command, string actor, SubmitBounds bounds, CancellationToken cancellationToken)
    {
        await FollowDatasetAsync(cancellationToken);
        // Only who shows a lease needs what signs them: an image is read, and corrected, while that is set aside.
        if (command.Lease is not null) _leases = await keyring.GetAsync(cancellationToken);
        // The first answer to an image, under a lease that was given before there was any, is tried on an empty history without reading it:
        // the ledger takes it only if it is the first, and otherwise the history is read below. It saves most decisions a read.
        if (LeaseOf(command) is not { Version: 0 } first || first.Image != _image || first.Actor != actor)
            await LoadedAsync(cancellationToken);
        if (SpokenUnder(command) > _dataset.Schema.Number) Follow(await datasets.AskAsync(_dataset.Name, cancellationToken));
        var known = _history.Count;
        var result = await TrySubmitAsync(command, actor, bounds, cancellationToken);
        var isRefused = result?.Status >= SubmitStatus.Refused;
        // Another writer was first, or may have been: nobody is refused by what was so before, nor told that what they said was not taken.
        if (result is null) Follow(await datasets.AskAsync(_dataset.Name, cancellationToken));
        if (result is null || isRefused) await LoadAsync(cancellationToken);
        if (result is null || isRefused && _history.Count != known)
        {
            // What it wrote is known now: the decision is judged again in its light.
            result = await TrySubmitAsync(command, actor, bounds, cancellationToken)
                ?? new SubmitResult(_image, SubmitStatus.Conflict, _history.Count,
                    "The image changed twice while the decision was written. Repeat the call.");
        }
        WinnowTelemetry.Decisions.Add(1, new TagList { { "dataset", _dataset.Name }, { "status", result.Status.ToString() } });
        return result;
    }

    private async Task<SubmitResult?> TrySubmitAsync(
        SubmitDecision command, string actor, SubmitBounds bounds, CancellationToken cancellationToken)
    {
        SubmitResult Refuse(SubmitStatus status, string reason) => new(_image, status, _history.Count, reason);

        if (command.OperationId == Guid.Empty)
            return Refuse(SubmitStatus.Refused, "A decision needs an operation id, so that sending it twice records it once.");
        if (bounds == SubmitBounds.Own) command = SubmitRules.InHistory(command, actor, _history);
        var asSent = command;
        command = InNewestNames(command);
        foreach (var entry in _said)
            if (entry.OperationId == command.OperationId) return await AgainAsync(entry, asSent, command, actor, cancellationToken);
        var early = _dataset.Schema.IsOneClass || level.KeepsLabelSets ? null : KnownLevel.TooLow;
        if ((early ?? command.Decision.Check(_dataset.Schema)) is { } wrong) return Refuse(SubmitStatus.Refused, wrong);

        var lease = LeaseOf(command);
        var sent = new Submission(command, actor, bounds, _dataset, _history)
        {
            Lease = lease,
            GivenBack = lease is { } own && WasGivenBack(own),
            May = CallerContext.Kinds,
        };
        if ((SubmitRules.FindBasis(sent, out var basis) ?? CannotBeRead(asSent) ?? SubmitRules.MayNotSay(sent, basis)) is { } refusal)
        {
            if (refusal.Given is { } given) TellQueueAgain(actor, basis.Asked!.Value, given);
            return Refuse(refusal.Status, refusal.Reason);
        }
        if (await CannotAmendAsync(command, cancellationToken) is { } cannot) return Refuse(SubmitStatus.Refused, cannot);
        var said = command.Decision.Kind == DecisionKind.Gold ? await AsGoldAsync(command.Decision, cancellationToken) : command.Decision;
        if (said is null) return Refuse(SubmitStatus.Refused, NothingKnown);
        var kept = await AsKeptAsync(said, cancellationToken);
        if (kept.Outside is not null) return Refuse(SubmitStatus.Refused, kept.Outside);
        var decision = kept.Decision;

        if (SubmitRules.FindPlace(sent, decision, basis, out var place) is { } unplaced) return Refuse(unplaced.Status, unplaced.Reason);
        var before = ImageHistory.Fold(_history);
        var made = new HistoryEntry(_history.Count + 1, place.Kind, actor, time.GetUtcNow(), command.OperationId,
            decision, Terms: place.Terms, Schema: _dataset.Schema.Version);
        var json = ImageHistory.ToJson(made);
        if (json.Length > HistoryEntry.MaxBytes) return Refuse(SubmitStatus.Refused, TooLarge(json.Length));
        var standing = ImageHistory.Fold([.. _history, made]);
        if (await CannotStandAsync(made.Decision, standing, cancellationToken) is { } nobodyKnows)
            return Refuse(SubmitStatus.Refused, nobodyKnows);
        var isAnother = before.Question == TaskKind.Verify && standing.Question == TaskKind.Verify && before.Of != standing.Of;
        var fact = new HumanFact(_image, (int)made.Version, made.OperationId, json,
            standing.RowLabel(_dataset.Schema), standing.Closed, standing.Stage ?? Stage.Queued,
            ImageHistory.LevelOf(made, _dataset.Schema), Amends(decision), ImageHistory.DrawsForVerification(made), isAnother,
            _dataset.Schema.Version)
        {
            Act = ActOf(made, json),
        };
        if (await CommitAsync(fact, cancellationToken) == CommitOutcome.Conflict)
        {
            var known = await OnShardAsync((IShardIngest shard) => shard.FindAsync(_image, cancellationToken), cancellationToken);
            return known is null ? Refuse(SubmitStatus.Refused, "The dataset does not hold this image.") : null;
        }
        Recorded(sent, basis, made, before, standing);
        return new SubmitResult(_image, made.Kind == HistoryKind.SecondOpinion ? SubmitStatus.SecondOpinion : SubmitStatus.Recorded,
            made.Version, Told(kept));
    }

    private async Task<CommitOutcome> CommitAsync(HumanFact fact, CancellationToken cancellationToken)
    {
        try
        {
            return await OnShardAsync((IShardReview shard) => shard.CommitAsync(fact, cancellationToken), cancellationToken);
        }
        catch
        {
            // The outcome is unknown: what the ledger holds is read anew before anything else is judged.
            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>A decision is on disk: memory follows, and whoever counts or asks is told.</summary>
    private void Recorded(Submission sent, SubmitBasis basis, HistoryEntry made, Standing before, Standing standing)
    {
        if (sent.Lease is { } lease)
            WinnowTelemetry.DecisionLatency.Record(
                Math.Max(0, (made.At - lease.GivenAt(_dataset.Settings.LeasePeriod)).TotalSeconds),
                new TagList { { "dataset", _dataset.Name } });
        if (made.Kind == HistoryKind.SecondOpinion && ImageHistory.TellsOfAgreement(_history, made.Actor))
            CountOpinion(made, standing);
        if (made.Kind == HistoryKind.Decided && basis.Asked == TaskKind.Verify) CountOpinion(made, before);
        _said.Add(made);
        _history.Add(made);
        // Entry number one was the first, so what is known is all of it.
        _loaded = true;
        // What opens an image again, or closes it so, is its shard's to tell.
        if (!Amends(made.Decision)) TellQueue(made.Actor, basis.Asked, made.Decision, before, standing);
        else if (standing.Question is { } goesOn && goesOn == before.Question && AuthorOf(made.Decision) is { } author)
            GrainFactory.GetGrain<IQueueGrain>(_dataset.Name).MayAskAsync(_image, author, CancellationToken.None).Ignore();
    }

    /// <summary>The decision in the words of the schema.</summary>
    private static Decision InWordsOf(LabelSchema schema, Decision decision) => decision.Annotations.Count == 0 ? decision
        : decision with { Annotations = [.. decision.Annotations.Select(a => AnnotationRules.InWordsOf(a, schema))] };

    /// <summary>
    /// Tells the queue what an answer came to: its task is no more, somebody else is asked the same, or others are to answer it too. A late
    /// opinion ends no task but leaves room for another.
    /// </summary>
    private void TellQueue(string actor, TaskKind? asked, Decision said, Standing before, Standing after)
    {
        var queue = GrainFactory.GetGrain<IQueueGrain>(_dataset.Name);
        var (goesOn, isLate) = (after.Question is not null && after.Question == before.Question, asked != before.Question);
        if (goesOn && !isLate && said.Kind != DecisionKind.Skip)
            queue.AnsweredInPartAsync(_image, actor, CancellationToken.None).Ignore();
        // A queue of an earlier release knows nothing of versions, and beside it nothing is opened again.
        else if (!level.Reopens) queue.AnsweredAsync(_image, actor, !goesOn, CancellationToken.None).Ignore();
        // Of what was asked about before this entry: where that goes on as it is, of nothing.
        else queue.SettledAsync(_image, goesOn && isLate && before.Of == after.Of ? 0 : _history.Count, actor,
            !goesOn || before.Of != after.Of, CancellationToken.None).Ignore();
    }

    /// <summary>Word of an answer may have been lost on its way to the queue, which then asks once more: it is told of it.</summary>
    private void TellQueueAgain(string actor, TaskKind asked, HistoryEntry given)
    {
        var queue = GrainFactory.GetGrain<IQueueGrain>(_dataset.Name);
        var (question, version) = (ImageHistory.Fold(_history).Question, (int)given.Version);
        if (question != asked) queue.SettledAsync(_image, version, actor, true, CancellationToken.None).Ignore();
        // Nor is who gave another answer one who could not tell.
        else if (given.Decision.Kind == DecisionKind.Skip)
            queue.SettledAsync(_image, version, actor, false, CancellationToken.None).Ignore();
        else if (ImageHistory.AnsweredBy(_history).Contains(actor))
            queue.AnsweredInPartAsync(_image, actor, CancellationToken.None).Ignore();
    }

    /// <summary>Tells how far people agree: of a second opinion, which changes nothing, and of a verifier's answer.</summary>
    private void CountOpinion(HistoryEntry given, Standing standing)
    {
        var agree = given.Decision.Kind == DecisionKind.Confirm || given.Decision.Kind == DecisionKind.Label == standing.IsLabelled
            && ClassesOf(given.Decision.Annotations).SetEquals(ClassesOf(standing.Annotations));
        WinnowTelemetry.PeopleAgreement.Add(1, new TagList { { "dataset", _dataset.Name }, { "status", agree ? "agree" : "differ" } });
    }

    // Two people never draw the same; what they see is comparable.
    private HashSet<int> ClassesOf(IReadOnlyList<Annotation> annotations) => [.. annotations.Select(a => _dataset.Schema.IndexOf(a.Class))];
}
