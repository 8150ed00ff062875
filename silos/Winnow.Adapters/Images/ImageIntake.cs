using System.Diagnostics;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Adapters.Images;

/// <summary>
/// Takes in a lot at the gateway: hash, header, bytes to the object store, rows to the shards. The bytes are durable before the rows name
/// them, so a crash leaves at most an object without a row, which the next try of the same lot adopts.
/// </summary>
public sealed class ImageIntake(IObjectStore objects, ImageDecoder decoder, IGrainFactory grains) : IImageIntake
{
    /// <summary>Images in one lot, at most.</summary>
    public const int MaxLot = 1_000;

    private const int MaxNameLength = 1_024;

    public long MaxImageBytes => decoder.Limits.MaxBytes;

    public async Task<IReadOnlyList<IngestResult>> TakeAsync(DatasetInfo dataset, Guid operationId, string actor, IReadOnlyList<ArrivedImage> lot, CancellationToken cancellationToken)
    {
        if (lot.Count > MaxLot) throw new ArgumentException($"A lot holds at most {MaxLot} images, not {lot.Count}.", nameof(lot));
        if (lot.Count == 0) return [];
        using var activity = WinnowTelemetry.Activities.StartActivity("ingest lot");
        activity?.SetTag("winnow.dataset", dataset.Name).SetTag("winnow.images", lot.Count);

        var rows = new IngestRow[lot.Count];
        Parallel.For(0, lot.Count, i => rows[i] = Describe(dataset, lot[i]));
        await objects.PutManyIfAbsentAsync([.. rows.Select((row, i) => (ObjectKeys.Image(dataset.Name, row.Id), lot[i].Content)).DistinctBy(o => o.Item1)], cancellationToken);

        var results = new IngestResult[lot.Count];
        await Task.WhenAll(Enumerable.Range(0, lot.Count).GroupBy(i => ShardLayout.ShardOf(rows[i].Id, dataset.Settings.Shards)).Select(async part =>
        {
            var members = part.ToArray();
            var shard = grains.GetGrain<IShardIngest>(GrainKeys.Shard(dataset.Name, part.Key));
            var outcomes = await shard.ApplyAsync(new IngestLot(operationId, actor, [.. members.Select(i => rows[i])]), cancellationToken);
            for (var m = 0; m < members.Length; m++)
            {
                var i = members[m];
                var unknownLabel = outcomes[m].Status == IngestStatus.Accepted && lot[i].Label is { } label && rows[i].Label < 0
                    ? $"Label '{label}' is not in the label schema; the image was taken without it."
                    : null;
                results[i] = new IngestResult(rows[i].Name, rows[i].Id, outcomes[m].Status, outcomes[m].Reason ?? unknownLabel);
            }
        }));
        Count(dataset.Name, lot, results);
        return results;
    }

    private IngestRow Describe(DatasetInfo dataset, ArrivedImage image)
    {
        var readable = decoder.TryReadHeader(image.Content, out var header, out var reason);
        return new IngestRow(
            ImageId.Of(image.Content.Span), CleanName(image.Name), header?.Format ?? "", header?.Width ?? 0, header?.Height ?? 0, header?.Frames ?? 0, image.Content.Length,
            image.Partition, image.Label is null ? -1 : dataset.Schema.IndexOf(image.Label), readable ? null : reason);
    }

    /// <summary>A name is shown and exported, never opened; still it should not be able to forge a line of a log.</summary>
    private static string CleanName(string name)
    {
        var clean = string.Concat(name.Where(c => !char.IsControl(c)));
        return clean.Length <= MaxNameLength ? clean : clean[^MaxNameLength..];
    }

    private static void Count(string dataset, IReadOnlyList<ArrivedImage> lot, IngestResult[] results)
    {
        foreach (var group in results.GroupBy(r => r.Status))
            WinnowTelemetry.IngestedImages.Add(group.Count(), new TagList { { "dataset", dataset }, { "status", group.Key.ToString() } });
        WinnowTelemetry.IngestedBytes.Add(lot.Sum(i => (long)i.Content.Length), new TagList { { "dataset", dataset } });
    }
}
