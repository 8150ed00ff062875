using CsCheck;
using Winnow.Adapters.Datasets;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Adapters.Tests.Datasets;

/// <summary>What is different between two versions, whatever they hold.</summary>
public sealed class VersionComparisonTests
{
    private static readonly string?[] Labels = [null, "cat", "dog"];

    private static ManifestRow Row(int image, int label, int source) =>
        new(ImageId.Of([(byte)image]), $"{image}.png", Partition.Pool, Stage.Scored, Labels[label], 0, Audit: false)
        {
            // Versions of early releases do not say.
            Source = label == 0 || source == 2 ? null : (LabelSource)source,
        };

    private static readonly Gen<ManifestRow[]> Manifests = Gen.Select(Gen.Int[0, 40], Gen.Int[0, 2], Gen.Int[0, 2]).Array[0, 30]
        .Select(rows => rows.DistinctBy(r => r.Item1).Select(r => Row(r.Item1, r.Item2, r.Item3)).OrderBy(r => r.Id).ToArray());

    private static async Task<(List<VersionChange> Changes, int Same)> CompareAsync(ManifestRow[] from, ManifestRow[] to)
    {
        var (changes, same) = (new List<VersionChange>(), 0);
        await foreach (var change in VersionComparison.CompareAsync(
            from.ToAsyncEnumerable(), to.ToAsyncEnumerable(), () => same++, CancellationToken.None)) changes.Add(change);
        return (changes, same);
    }

    [Fact]
    public Task It_is_what_a_comparison_image_by_image_finds() => Gen.Select(Manifests, Manifests).SampleAsync(async (from, to) =>
    {
        var (changes, same) = await CompareAsync(from, to);
        var (before, after) = (from.ToDictionary(r => r.Id), to.ToDictionary(r => r.Id));
        var expected = before.Keys.Union(after.Keys).Order()
            .Select(id => (Id: id, From: before.GetValueOrDefault(id), To: after.GetValueOrDefault(id)))
            .Select(p => (p.Id, Kind: KindOf(p.From, p.To))).ToArray();
        Assert.Equal(expected.Where(e => e.Kind is not null).Select(e => (e.Id, e.Kind!.Value)), changes.Select(c => (c.Id, c.Kind)));
        Assert.Equal(expected.Count(e => e.Kind is null), same);
        Assert.All(changes, c => Assert.Equal(
            (before.GetValueOrDefault(c.Id)?.Label, before.GetValueOrDefault(c.Id)?.Source, after.GetValueOrDefault(c.Id)?.Label,
                after.GetValueOrDefault(c.Id)?.Source), (c.From, c.FromSource, c.To, c.ToSource)));
        // Back again, each is the opposite.
        var (back, _) = await CompareAsync(to, from);
        Assert.Equal(changes.Select(c => (c.Id, c.To, c.From)), back.Select(c => (c.Id, c.From, c.To)));
        Assert.Empty((await CompareAsync(from, from)).Changes);
    }, iter: 1_000);

    private static VersionChangeKind? KindOf(ManifestRow? from, ManifestRow? to) => (from, to) switch
    {
        (null, _) => VersionChangeKind.Added,
        (_, null) => VersionChangeKind.Removed,
        ({ Label: null }, { Label: not null }) => VersionChangeKind.Labelled,
        ({ Label: not null }, { Label: null }) => VersionChangeKind.Unlabelled,
        var (f, t) when f.Label != t.Label => VersionChangeKind.Relabelled,
        ({ Source: { } f }, { Source: { } t }) when f != t => VersionChangeKind.Confirmed,
        _ => null,
    };

    [Fact]
    public async Task What_is_not_in_the_order_of_ids_is_no_manifest()
    {
        ManifestRow[] sorted = [.. Enumerable.Range(0, 5).Select(i => Row(i, 0, 0)).OrderBy(r => r.Id)];
        ManifestRow[] mixed = [sorted[0], sorted[2], sorted[1]], twice = [sorted[0], sorted[0]];
        await Assert.ThrowsAsync<InvalidDataException>(() => CompareAsync(mixed, sorted));
        await Assert.ThrowsAsync<InvalidDataException>(() => CompareAsync(sorted, twice));
    }
}
