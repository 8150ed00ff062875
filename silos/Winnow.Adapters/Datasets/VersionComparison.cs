using System.Globalization;
using System.Runtime.CompilerServices;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Datasets;

/// <summary>
/// What is different between two versions. Both manifests are in the order of ids, so they are read side by side, and nothing of them is
/// kept.
/// </summary>
internal static class VersionComparison
{
    /// <summary>Each image that is not the same in both, in the order of ids.</summary>
    /// <param name="from">Rows of the earlier version.</param>
    /// <param name="to">Rows of the later version.</param>
    /// <param name="same">Is told of each image that is the same.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">Rows are not in the order of ids.</exception>
    public static async IAsyncEnumerable<VersionChange> CompareAsync(
        IAsyncEnumerable<ManifestRow> from, IAsyncEnumerable<ManifestRow> to, Action? same,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var earlier = new InOrder(from.GetAsyncEnumerator(cancellationToken));
        await using var later = new InOrder(to.GetAsyncEnumerator(cancellationToken));
        await earlier.NextAsync().ConfigureAwait(false);
        await later.NextAsync().ConfigureAwait(false);
        while (earlier.Row is not null || later.Row is not null)
        {
            var order = earlier.Row is null ? 1 : later.Row is null ? -1 : earlier.Row.Id.CompareTo(later.Row.Id);
            if (Change(order <= 0 ? earlier.Row : null, order >= 0 ? later.Row : null) is { } change) yield return change;
            else same?.Invoke();
            if (order <= 0) await earlier.NextAsync().ConfigureAwait(false);
            if (order >= 0) await later.NextAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The same of two manifests, which are held against their hashes first; null stands for one without images.</summary>
    public static async IAsyncEnumerable<VersionChange> CompareAsync(
        VersionManifest? from, VersionManifest to, Action? same, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (from is not null) await from.CheckHashAsync(cancellationToken).ConfigureAwait(false);
        await to.CheckHashAsync(cancellationToken).ConfigureAwait(false);
        var earlier = from is null ? AsyncEnumerable.Empty<ManifestRow>() : await MappedAsync(from, to, cancellationToken)
            .ConfigureAwait(false);
        var changes = CompareAsync(earlier, to.ReadRowsAsync(cancellationToken), same, cancellationToken);
        await foreach (var change in changes.ConfigureAwait(false)) yield return change;
    }

    /// <summary>
    /// Rows of the earlier version as the label schema of the later one has them: that a class is called otherwise changes no image.
    /// </summary>
    private static async Task<IAsyncEnumerable<ManifestRow>> MappedAsync(
        VersionManifest from, VersionManifest to, CancellationToken cancellationToken)
    {
        var rows = from.ReadRowsAsync(cancellationToken);
        var (one, other) = (await from.ReadSchemaAsync(cancellationToken).ConfigureAwait(false),
            await to.ReadSchemaAsync(cancellationToken).ConfigureAwait(false));
        if (one.Number > other.Number)
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture,
                $"Version {from.Version.Number} has version {one.Number} of the label schema and version {to.Version.Number} an earlier "
                + $"one, in which nothing of a later one is known. Compare {to.Version.Number} with {from.Version.Number}."));
        if (one.Number == other.Number) return rows;
        var map = SchemaMap.Of(other);
        return rows.Select(row => row switch
        {
            { Annotations: { } set } => row with { Annotations = map.Map(set, one.Number).Annotations },
            { Label: { } label } => row with { Label = map.Map([new ClassTag(label)], one.Number).Annotations[0].Class },
            _ => row,
        });
    }

    /// <summary>All of it by label and by whose word that is.</summary>
    public static async Task<VersionDiff> CountAsync(VersionManifest? from, VersionManifest to, CancellationToken cancellationToken)
    {
        long same = 0;
        var counts = new Dictionary<LabelMove, long>();
        await foreach (var change in CompareAsync(from, to, () => same++, cancellationToken).ConfigureAwait(false))
        {
            var move = new LabelMove(change.Kind, change.From, change.FromSource, change.To, change.ToSource, 0);
            // Sets of many classes can be as many as images: those of which there is no room are counted without saying which.
            if (counts.Count >= VersionDiff.MostMoves && !to.Dataset.Schema.IsOneClass && !counts.ContainsKey(move))
                move = move with { From = change.From is null ? null : LabelWords.Any, To = change.To is null ? null : LabelWords.Any };
            counts[move] = counts.GetValueOrDefault(move) + 1;
        }
        var moves = counts.Select(c => c.Key with { Images = c.Value }).OrderByDescending(m => m.Images).ThenBy(m => m.Kind)
            .ThenBy(m => m.From, StringComparer.Ordinal).ThenBy(m => m.To, StringComparer.Ordinal)
            .ThenBy(m => m.FromSource).ThenBy(m => m.ToSource);
        return new VersionDiff(from?.Version.Number ?? 0, to.Version.Number, same, [.. moves]);
    }

    private static VersionChange? Change(ManifestRow? from, ManifestRow? to)
    {
        VersionChangeKind kind;
        var (before, now) = (from is null ? null : LabelWords.Of(from), to is null ? null : LabelWords.Of(to));
        if (from is null) kind = VersionChangeKind.Added;
        else if (to is null) kind = VersionChangeKind.Removed;
        else if (before is null != now is null) kind = before is null ? VersionChangeKind.Labelled : VersionChangeKind.Unlabelled;
        else if (!SaySame(from, to)) kind = VersionChangeKind.Relabelled;
        // A version of an early release does not say whose word its labels are.
        else if (from.Source is { } one && to.Source is { } other && one != other) kind = VersionChangeKind.Confirmed;
        else return null;
        var named = to ?? from!;
        return new VersionChange(named.Id, named.Name, kind, before, from?.Source, now, to?.Source);
    }

    private static bool SaySame(ManifestRow one, ManifestRow other) => one.Annotations is null && other.Annotations is null
        ? one.Label == other.Label : ImageHistory.AreSame(SetOf(one), SetOf(other));

    /// <summary>A manifest of an early release has one class where a later one has a set.</summary>
    private static IReadOnlyList<Annotation> SetOf(ManifestRow row) =>
        row.Annotations ?? (row.Label is { } label ? [new ClassTag(label)] : []);

    /// <summary>A manifest's rows one after the other, each with a higher id than the one before.</summary>
    private sealed class InOrder(IAsyncEnumerator<ManifestRow> rows) : IAsyncDisposable
    {
        public ManifestRow? Row { get; private set; }

        public async ValueTask NextAsync()
        {
            var last = Row;
            Row = await rows.MoveNextAsync().ConfigureAwait(false) ? rows.Current : null;
            if (last is not null && Row is not null && Row.Id.CompareTo(last.Id) <= 0)
                throw new InvalidDataException($"The manifest has {Row.Id} behind {last.Id}, which is not the order of ids.");
        }

        public ValueTask DisposeAsync() => rows.DisposeAsync();
    }
}
