using Winnow.Abstractions.Health;
using Winnow.Abstractions.Review;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Shards;

/// <summary>
/// What histories come to by the newest label schema: rows say what they came to when they were written. Of what is open or disputed, and
/// of the holdout, about which nobody is asked again, memory follows the schema when a version comes and whenever the shard opens. No row
/// changes: it follows from the history and the schema, so it is the same after a restart, a restoration and a doubling of shards.
/// </summary>
internal sealed class ShardReading(
    ShardWriter writer, ShardIndex index, TaskBook tasks, ShardRounds rounds, IShardLedger ledger, IGrainFactory grains)
{
    private const int HistoriesAtOnce = 32;

    private int _read = 1;
    private Task? _reading;

    /// <summary>Returns when memory is what histories come to by the newest schema. Harmless to do twice.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (_read < writer.Dataset.Schema.Number)
        {
            if (_reading is not { IsCompleted: false }) _reading = ReadAsync();
            await _reading.WaitAsync(cancellationToken);
        }
    }

    private async Task ReadAsync()
    {
        var schema = writer.Dataset.Schema;
        var map = SchemaMap.Of(schema);
        if (map.ChangesLabels)
        {
            foreach (var ordinal in Enumerable.Range(0, index.Count).Where(o => StandsAsVoid(o, map)).ToArray()) OpenHoldout(ordinal);
            foreach (var some in Enumerable.Range(0, index.Count).Where(MayHaveChanged).ToArray().Chunk(HistoriesAtOnce))
                await ReadAsync(some, map);
        }
        _read = schema.Number;
    }

    private bool IsHoldout(int ordinal) => index.Has(ordinal, ShardIndex.Flags.Holdout);

    private bool StandsAsVoid(int ordinal, SchemaMap map) =>
        IsHoldout(ordinal) && index.LabelOf(ordinal) is >= 0 and not HistoryRow.LabelSet and var label && map.Asks(label);

    private bool MayHaveChanged(int ordinal) =>
        index.VersionOf(ordinal) > 0 && !index.Has(ordinal, ShardIndex.Flags.Quarantined)
        && (!index.Has(ordinal, ShardIndex.Flags.Closed) || (IsHoldout(ordinal) && index.LabelOf(ordinal) == HistoryRow.LabelSet));

    // No label stands of it, and nobody is asked for one.
    private void OpenHoldout(int ordinal) =>
        index.Decide(ordinal, index.VersionOf(ordinal), HistoryRow.AskedAgain, closes: false, Stage.Queued);

    private async Task ReadAsync(int[] ordinals, SchemaMap map)
    {
        var rows = await ledger.ReadHistoryAsync(writer.Key, [.. ordinals.Select(index.IdOf)], writer.Closing);
        var changed = false;
        foreach (var history in rows.GroupBy(r => r.Ordinal))
        {
            HistoryRow[] said = [.. history];
            // What was said meanwhile was judged by the newest schema.
            if (said[^1].Version != index.VersionOf(history.Key)) continue;
            try
            {
                HistoryEntry[] entries = [.. said.Select(r => ImageHistory.Mapped(ImageHistory.FromRow(r), map))];
                changed |= Follow(history.Key, entries, map);
            }
            catch (SetAsideException)
            {
                // Whoever looks at the image is told so.
            }
        }
        if (changed)
            grains.GetGrain<IQueueGrain>(writer.Key.Dataset).WorkArrivedAsync(writer.Key.Shard, CancellationToken.None).Ignore();
    }

    /// <summary>Brings an image to what its history comes to; true where something else is asked, or it is asked of others.</summary>
    private bool Follow(int ordinal, HistoryEntry[] entries, SchemaMap map)
    {
        var standing = ImageHistory.Fold(entries);
        if (IsHoldout(ordinal) && standing.IsVoid)
        {
            OpenHoldout(ordinal);
            return false;
        }
        var (asked, wasOpen) = (index.QuestionOf(ordinal), index.IsOpen(ordinal));
        index.Decide(ordinal, index.VersionOf(ordinal), standing.RowLabel(map.Schema), standing.Closed, standing.Stage ?? Stage.Queued);
        var (asks, isOpen) = (index.QuestionOf(ordinal), index.IsOpen(ordinal));
        if (isOpen && !wasOpen) tasks.Reopen(ordinal, asked);
        else tasks.Follow(ordinal, asked);
        if (wasOpen && !isOpen) rounds.Answered(ordinal);
        if (isOpen && !wasOpen) rounds.Reopened(ordinal);
        if (asked is null || (asks == asked && !Array.Exists(entries, e => e.IsVoid))) return asks != asked;
        // Whose word is void may be asked again, which the queue learns when it sets the task aside anew.
        tasks.Release(ordinal);
        grains.GetGrain<IQueueGrain>(writer.Key.Dataset).WithdrawnAsync([index.IdOf(ordinal)], CancellationToken.None).Ignore();
        return true;
    }
}
