using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Grains.Intake;

/// <summary>
/// Takes in uploads: bytes first, rows second, so that a row on disk always has its bytes. A crash in between leaves bytes without a row,
/// which the repeated lot finds and uses.
/// </summary>
internal sealed partial class ImageIntake(
    IObjectStore objects, IGrainFactory grains, IImageHeaders headers, ILogger<ImageIntake> logger) : IImageIntake
{
    public int MaxLotImages => 1_000;

    public IReadOnlyList<string> Formats => headers.Formats;

    public long MaxImageBytes => headers.MaxBytes;

    /// <inheritdoc/>
    /// <exception cref="RefusedException">
    /// The lot holds more than 1,000 images, or its operation id is another's or belongs to other content.
    /// </exception>
    public async Task<IReadOnlyList<IngestResult>> TakeAsync(
        DatasetInfo dataset, IngestOperation operation, IReadOnlyList<ArrivedImage> lot, CancellationToken cancellationToken)
    {
        if (lot.Count > MaxLotImages)
            throw new RefusedException(
                string.Create(CultureInfo.InvariantCulture,
                    $"A lot has at most {MaxLotImages} images, not {lot.Count}. Send it in parts."));
        var started = Stopwatch.GetTimestamp();
        var classes = new ClassIndex(dataset.Schema);
        var seen = new Examined[lot.Count];
        // Hashing is the gateway's work and takes all its processors.
        await Task.Run(() =>
            Parallel.For(0, lot.Count, new ParallelOptions { CancellationToken = cancellationToken },
                i => seen[i] = Examine(lot[i], classes)), cancellationToken);

        var content = operation.Content ?? ContentOf(lot, seen);
        await StoreAsync(dataset.Name, lot, seen, cancellationToken);
        var taken = Enumerable.Range(0, lot.Count).Where(i => seen[i].Row is not null).ToArray();

        var results = new IngestResult[lot.Count];
        for (var i = 0; i < lot.Count; i++)
            if (seen[i].Row is null) results[i] = new IngestResult(lot[i].Name, null, IngestStatus.LeftOut, seen[i].Note);
        async Task<bool> ApplyAsync(int shard, int[] members)
        {
            var rows = members.Select(i => seen[i].Row!.Value).ToArray();
            var outcomes = await grains.GetGrain<IShardIngest>(GrainKeys.Shard(dataset.Name, shard))
                .ApplyAsync(new IngestLot(operation.Id, operation.Actor, rows, content), cancellationToken);
            for (var k = 0; k < members.Length; k++)
            {
                var i = members[k];
                results[i] = new IngestResult(lot[i].Name, seen[i].Row!.Value.Id, outcomes[k].Status,
                    Join(outcomes[k].Reason, seen[i].Note))
                {
                    StandsIn = outcomes[k].StandsIn,
                    LabelNotTaken = outcomes[k].LabelNotTaken || seen[i].Row!.Value.Label < 0 ? lot[i].Label : null,
                    StoredAs = outcomes[k].StandsAs
                        ?? (outcomes[k].Status == IngestStatus.Duplicate ? null : OtherName(seen[i].Row!.Value.Name, lot[i].Name)),
                };
            }
            return true;
        }

        // Where the shards are doubled meanwhile, all go to the new ones: those that an old one took in are known there, by their operation
        // too.
        await ShardCalls.FollowAsync(dataset, () => AskAsync(dataset.Name, cancellationToken), shards =>
            Task.WhenAll(taken.GroupBy(i => shards.ShardOf(seen[i].Row!.Value.Id)).Select(shard => ApplyAsync(shard.Key, [.. shard]))));
        Count(dataset.Name, lot, results);
        WinnowTelemetry.IngestDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new TagList { { "dataset", dataset.Name } });
        return results;
    }

    /// <summary>Stores what has a row. What the store cannot keep loses it, and is left out with the reason; the rest is stored.</summary>
    private async Task StoreAsync(string dataset, IReadOnlyList<ArrivedImage> lot, Examined[] seen, CancellationToken cancellationToken)
    {
        string KeyOf(int i) => ObjectKeys.Image(dataset, seen[i].Row!.Value.Id);
        var kept = Enumerable.Range(0, lot.Count).Where(i => seen[i].Row is not null).ToArray();
        try
        {
            await objects.PutManyIfAbsentAsync([.. kept.Select(i => (KeyOf(i), lot[i].Content))], cancellationToken);
        }
        catch (ObjectUnwritableException refused)
        {
            var unkept = kept.Where(i => refused.Reasons.ContainsKey(KeyOf(i))).ToArray();
            foreach (var i in unkept)
                seen[i] = new Examined(null, $"The object store cannot keep it: {refused.Reasons[KeyOf(i)]} Then send it again.");
            NotKept(logger, dataset, unkept.Length, refused.Message);
        }
    }

    /// <summary>A lot as it was sent: an image that was not kept, and so has no id, counts by its length.</summary>
    private static Guid ContentOf(IReadOnlyList<ArrivedImage> lot, Examined[] seen) => OperationStamp.ContentOf(lot.SelectMany((image, i) =>
        new[]
        {
            image.Name,
            seen[i].Row?.Id.ToString() ?? image.Content.Length.ToString(CultureInfo.InvariantCulture),
            image.Label,
            image.Partition.ToString(),
        }));

    private async Task<DatasetInfo> AskAsync(string dataset, CancellationToken cancellationToken) =>
        await grains.GetGrain<ICatalogGrain>(0).FindAsync(dataset, cancellationToken)
        ?? throw new RefusedException($"There is no dataset '{dataset}'.");

    private static void Count(string dataset, IReadOnlyList<ArrivedImage> lot, IngestResult[] results)
    {
        foreach (var group in results.GroupBy(r => r.Status))
            WinnowTelemetry.IngestedImages.Add(group.Count(), new TagList { { "dataset", dataset }, { "status", group.Key.ToString() } });
        WinnowTelemetry.IngestedBytes.Add(lot.Sum(i => (long)i.Content.Length), new TagList { { "dataset", dataset } });
    }

    /// <summary>What came of one image before its row: no row where nothing can be kept; then the note says why.</summary>
    private readonly record struct Examined(IngestRow? Row, string? Note);

    private Examined Examine(ArrivedImage image, ClassIndex classes)
    {
        if (image.Unusable is { } why) return new Examined(null, why);
        var bytes = image.Content.Span;
        if (bytes.Length > headers.MaxBytes)
            return new Examined(null,
                string.Create(CultureInfo.InvariantCulture,
                    $"The image has {bytes.Length} bytes and the limit is {headers.MaxBytes}; it was not kept. Shrink it and "
                    + $"send it again."));
        var label = -1;
        string? note = null;
        if (image.Label is { } name && (label = classes.Find(name)) < 0)
            note = $"The label {ShownText.Quote(name)} is not in the label schema; it was not taken over.";
        else if (label >= 0 && classes.CannotComeWithImages is { } asksMore)
            (label, note) = (-1, $"The label {ShownText.Quote(image.Label)} was not taken over: {asksMore}");
        var sound = headers.TryRead(bytes, out var header, out var reason);
        var stored = image.IsKey ? ImageName.KeptKey(image.Name) : ImageName.Kept(image.Name);
        return new Examined(
            new IngestRow(ImageId.Of(bytes), stored, sound ? header!.Format : "",
                header?.Width ?? 0, header?.Height ?? 0, header?.Frames ?? 0, bytes.Length, image.Partition, label, reason)
            {
                Orientation = (byte)(header?.Orientation ?? 0),
            },
            note);
    }

    private static string? OtherName(string stored, string given) => string.Equals(stored, given, StringComparison.Ordinal) ? null : stored;

    [LoggerMessage(1, LogLevel.Error,
        "Dataset {Dataset}: {Count} images of a lot were left out, as the object store cannot keep them. {Reasons}")]
    private static partial void NotKept(ILogger logger, string dataset, int count, string reasons);

    private static string? Join(string? reason, string? note) => reason is null ? note : note is null ? reason : $"{reason} {note}";
}
