using Winnow.Abstractions.Health;
using Winnow.Abstractions.Review;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;

namespace Winnow.Grains.Shards;

/// <summary>
/// The shard's images as tasks: with their names, what machines propose, and who is not to be asked. It reads what memory does not keep, a
/// lot of rows at a time, and keeps nothing.
/// </summary>
internal sealed class ShardDescriber(
    ShardWriter writer, ShardIndex index, TaskBook tasks, ShardColumns columns, ShardPrelabels prelabels, ShardPredictions predictions,
    IShardLedger ledger)
{
    /// <summary>What is asked about each of these images, as tasks in the same order.</summary>
    public async Task<ReservedTask[]> DescribeAsync(IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var rows = await ledger.ReadImagesAsync(writer.Key, ordinals, cancellationToken);
        var made = await prelabels.ReadAsync(ordinals, ImagePrelabel.MaxBytes, cancellationToken);
        var said = await SaidOfAsync(ordinals, cancellationToken);
        var sets = await predictions.ReadAsync(ordinals, cancellationToken);
        var described = new ReservedTask[ordinals.Count];
        for (var i = 0; i < described.Length; i++)
        {
            var o = ordinals[i];
            var score = columns.ScoreOf(o);
            var (skippedBy, answeredBy) = said.GetValueOrDefault(o);
            described[i] = new ReservedTask(
                rows[i].Row.Id, rows[i].Row.Name, tasks.PriorityOf(o), index.VersionOf(o),
                score?.Predicted ?? -1, score is { } s ? 1 - s.LeastConfidence : 0, columns.ModelName, skippedBy, made[i],
                index.QuestionOf(o) ?? TaskKind.Label, answeredBy, sets[i]);
        }
        return described;
    }

    /// <summary>Images whose label is known, in the order of a hash, as tasks that check people.</summary>
    public async Task<ReservedTask[]> GoldAsync(int max, CancellationToken cancellationToken)
    {
        var gold = new List<int>();
        for (var o = 0; o < index.Count; o++)
            if (index.InPool(o) && index.StageOf(o, index.Embedded) == Stage.Gold) gold.Add(o);
        // Ids are hashes: their order is nobody's.
        gold.Sort((a, b) => index.IdOf(a).CompareTo(index.IdOf(b)));
        var described = await DescribeAsync([.. gold.Take(max)], cancellationToken);
        return [.. described.Select(t => t with { Kind = TaskKind.Qualify })];
    }

    /// <summary>What each person did with the shard's images.</summary>
    public async Task<PersonWork[]> PeopleAsync(CancellationToken cancellationToken)
    {
        var people = new Dictionary<string, PersonWork>(StringComparer.Ordinal);
        var said = new List<HistoryEntry>();
        ImageId? of = null;
        await foreach (var row in ledger.ReadShardEntriesAsync(writer.Key, cancellationToken))
        {
            if (of is not null && of != row.Image) Count();
            of = row.Image;
            if (Read(row) is { } entry) said.Add(entry);
        }
        Count();
        return [.. people.Values];

        void Count()
        {
            ImageHistory.Count(said, people);
            said.Clear();
        }
    }

    /// <summary>Who could not tell what images show, and who is not asked as they know; of those that have a history.</summary>
    private async Task<Dictionary<int, (string[]? SkippedBy, string[]? AnsweredBy)>> SaidOfAsync(
        IReadOnlyList<int> ordinals, CancellationToken cancellationToken)
    {
        var said = new Dictionary<int, (string[]?, string[]?)>();
        ImageId[] known = [.. ordinals.Where(o => index.VersionOf(o) > 0).Select(index.IdOf)];
        if (known.Length == 0) return said;
        foreach (var history in (await ledger.ReadHistoryAsync(writer.Key, known, cancellationToken)).GroupBy(h => h.Ordinal))
        {
            HistoryEntry[] entries = [.. history.Select(row => Read(row)).OfType<HistoryEntry>()];
            var answered = index.QuestionOf(history.Key) is null ? ImageHistory.KnownTo(entries) : ImageHistory.AnsweredBy(entries);
            said[history.Key] = (OrNull(ImageHistory.SkipsOf(entries).People), OrNull(answered));
        }
        return said;
    }

    private HistoryEntry? Read(in HistoryRow row)
    {
        try
        {
            return ImageHistory.Mapped(ImageHistory.FromRow(row), SchemaMap.Of(writer.Dataset.Schema));
        }
        catch (SetAsideException)
        {
            // Whoever looks at the image is told so.
            return null;
        }
    }

    private static string[]? OrNull(string[] people) => people.Length == 0 ? null : people;
}
