using System.Runtime.InteropServices;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Training;
using Winnow.Grains.Columns;
using Winnow.Grains.Evaluation;
using Winnow.Grains.Images;
using Winnow.Grains.Selection;
using Winnow.Model.Images;
using Winnow.Model.Training;

namespace Winnow.Grains.Shards;

/// <summary>
/// The shard as learning sees it: what may be asked, what its labels teach, what they measure. All of it is answered in the space that
/// serves, under the state of learning that the gate has brought the shard to.
/// </summary>
internal sealed class ShardLearner(
    ShardWriter writer, ShardIndex index, TaskBook tasks, ShardColumns columns, ShardSpaces spaces, ShardSets sets)
{
    public ulong[] SmallestAuditHashes(int count)
    {
        columns.ThrowIfRowsAreMissing();
        var hashes = new List<ulong>(index.Embedded);
        for (var o = 0; o < index.Embedded; o++)
            if (index.InPool(o)) hashes.Add(AuditSample.HashOf(index.IdOf(o), Seed));
        hashes.Sort();
        return [.. hashes.Take(count)];
    }

    public int[] UnaskedAudit(LearningState? learning)
    {
        var threshold = ThresholdOf(learning);
        var unasked = new List<int>();
        for (var o = 0; o < index.Embedded; o++)
        {
            if (!index.InPool(o) || !IsAudit(o, threshold)) continue;
            if (!index.Has(o, ShardIndex.Flags.Closed) && !tasks.Contains(Arms.Audit, o)) unasked.Add(o);
        }
        return [.. unasked];
    }

    public async Task<GatheredCandidates> GatherAsync(GatherCandidates request, CancellationToken cancellationToken)
    {
        var threshold = ThresholdOf(request.Learning);
        if (columns.Serving.Projected is not { } projected) return new GatheredCandidates(0, [], [], []);
        var rounds = tasks.ArmRounds(request.Arm);
        var eligible = new List<int>(projected.Count);
        for (var o = 0; o < projected.Count; o++)
        {
            // A label that came with the image or a rejection leaves nothing to ask; a label that another arm paid for may be chosen again.
            if (!index.InPool(o) || IsAudit(o, threshold) || rounds.ContainsKey(o)) continue;
            // People are asked about them already, and what they say is this arm's.
            if (request.Arm == Arms.Main && tasks.IsAskedWithoutRounds(o)) continue;
            if (index.Has(o, ShardIndex.Flags.Closed) && (index.LabelOf(o) < 0 || index.Has(o, ShardIndex.Flags.Imported))) continue;
            // Accepted in the place of an answer: it is asked about again when that is taken back. A guess is no answer.
            if (index.StandsByMachine(o) == MachineKind.AutoAccepted) continue;
            eligible.Add(o);
        }
        var (ids, scores, dataset) = (index.IdsSoFar, columns.Serving.Scores, writer.Dataset);
        return await Task.Run(() =>
            LocalSelection.Gather(request, dataset.Schema.Classes.Count, dataset.Shards.Count, eligible, ids, scores), cancellationToken);
    }

    /// <summary>Where images lie, of which that is known; nobody relies on all of them.</summary>
    public LyingImages LyingOf(ImageId[] images)
    {
        if (columns.Serving.Projected is not { } projected) return new LyingImages([], new MatrixRows(0, []));
        var (known, ordinals) = (new List<ImageId>(), new List<int>());
        foreach (var image in images)
        {
            if (!index.TryFind(image, out var ordinal) || ordinal >= projected.Count) continue;
            known.Add(image);
            ordinals.Add(ordinal);
        }
        return new LyingImages([.. known], projected.ToMatrix([.. ordinals]));
    }

    public MatrixRows VectorsOf(int[] ordinals)
    {
        if (ordinals.Length == 0) return new MatrixRows(0, []);
        var projected = columns.Serving.Projected;
        var rows = projected?.Count ?? 0;
        return ordinals.Max() < rows
            ? projected!.ToMatrix(ordinals)
            : throw columns.MadeAgain(ordinals.Count(o => o >= rows));
    }

    public async Task<LabelledRows> LabelledAsync(
        string arm, int throughRound, LearningState? learning, CancellationToken cancellationToken)
    {
        var threshold = ThresholdOf(learning);
        var projected = columns.Serving.Projected;
        var scored = projected?.Count ?? 0;
        var (labelled, rest) = arm == Arms.Audit
            ? LabelledAudit(threshold, scored)
            : (LabelledBy(arm, throughRound, threshold, scored), null);
        var lost = labelled.Count(o => o >= scored);
        if (lost > 0) throw columns.MadeAgain(lost);
        LabelledRows Rows() => new(
            [.. labelled.Select(index.IdOf)],
            [.. labelled.Select(index.LearnedOf)],
            projected is null ? new MatrixRows(0, []) : projected.ToMatrix(CollectionsMarshal.AsSpan(labelled)),
            rest);
        if (!writer.Dataset.Schema.IsTags) return Rows();
        var said = await sets.ReadAsync(labelled, cancellationToken);
        // What cannot be read teaches nothing, and measures nothing: of the audit sample it is an outcome without a label.
        var unread = said.Count(s => s is null);
        if (rest is not null) rest = rest with { Unlabelled = rest.Unlabelled + unread };
        labelled = [.. labelled.Where((_, i) => said[i] is not null)];
        return Rows() with { Sets = ClassSets.Of([.. said.OfType<int[]>()]) };
    }

    /// <summary>Images whose labels an arm may learn from, where nothing is set aside to measure by.</summary>
    public int CountLabelled(string arm, int throughRound) =>
        LabelledBy(arm, throughRound, 0, columns.Serving.Projected?.Count ?? 0).Count;

    public async Task<HoldoutResult> EvaluateHoldoutAsync(byte[] head, CancellationToken cancellationToken)
    {
        if (columns.Serving.Projected is not { } projected) return new HoldoutResult(0, 0, 0);
        var ordinals = new List<int>();
        for (var o = 0; o < projected.Count; o++)
        {
            var counts = index.Has(o, ShardIndex.Flags.Holdout) && !index.Has(o, ShardIndex.Flags.Quarantined) && index.LearnedOf(o) >= 0;
            if (!counts) continue;
            ordinals.Add(o);
        }
        var schema = writer.Dataset.Schema;
        if (!schema.IsTags)
            return await MeasureAsync(ordinals, Targets.Of([.. ordinals.Select(index.LearnedOf)], schema.Classes.Count));
        var said = await sets.ReadAsync(ordinals, cancellationToken);
        return await MeasureAsync(
            [.. ordinals.Where((_, i) => said[i] is not null)], Targets.Sets([.. said.OfType<int[]>()], schema.Classes.Count));

        Task<HoldoutResult> MeasureAsync(IReadOnlyList<int> rows, Targets targets) =>
            Task.Run(() => HeadEvaluation.OnRows(HeadFormats.Read(head), projected, rows, targets), cancellationToken);
    }

    private ulong Seed => writer.Dataset.Settings.Seed;

    // A caller of the last release brought nothing; the gate asked the dataset in its stead.
    private ulong ThresholdOf(LearningState? learning) => (learning ?? spaces.State).AuditThreshold;

    private bool IsAudit(int ordinal, ulong threshold) => index.IsAudit(ordinal, Seed, threshold);

    /// <summary>Rows of the audit sample that have a label; of the others, how many came to which end.</summary>
    private (List<int> Labelled, AuditRest Others) LabelledAudit(ulong threshold, int scored)
    {
        var rest = new int[Enum.GetValues<AuditOutcome>().Length];
        var labelled = new List<int>();
        for (var o = 0; o < index.Count; o++)
        {
            if (!IsAudit(o, threshold)) continue;
            var outcome = AuditSample.OutcomeOf(index.FlagsOf(o), index.LearnedOf(o), tasks.Contains(Arms.Audit, o), o < scored);
            if (outcome == AuditOutcome.Labelled) labelled.Add(o);
            else rest[(int)outcome]++;
        }
        int Of(AuditOutcome outcome) => rest[(int)outcome];
        var others = new AuditRest(
            Of(AuditOutcome.Unlabelled), Of(AuditOutcome.Open), Of(AuditOutcome.NotYet), Of(AuditOutcome.PutAside));
        return (labelled, others);
    }

    /// <summary>
    /// Rows that an arm may train on: what it asked people itself, and what came with a label and is scored by now; for the one whose model
    /// scores, what was asked as that was unsure of it, or again as somebody wished.
    /// </summary>
    private List<int> LabelledBy(string arm, int throughRound, ulong threshold, int scored)
    {
        var rounds = tasks.ArmRounds(arm);
        var labelled = new List<int>();
        for (var o = 0; o < index.Count; o++)
        {
            if (index.LearnedOf(o) < 0 || !index.InPool(o) || IsAudit(o, threshold)) continue;
            var imported = o < scored && index.Has(o, ShardIndex.Flags.Imported);
            var asked = (rounds.TryGetValue(o, out var round) && round <= throughRound)
                || (arm == Arms.Main && o < scored && tasks.IsAskedWithoutRounds(o));
            if (imported || (asked && !index.IsOpen(o))) labelled.Add(o);
        }
        return labelled;
    }
}
