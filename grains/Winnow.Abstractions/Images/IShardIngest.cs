using Winnow.Model.Images;

namespace Winnow.Abstractions.Images;

/// <summary>Keys of the grains that stand for a part of a dataset.</summary>
public static class GrainKeys
{
    /// <summary><c>dataset/0003</c>.</summary>
    public static string Shard(string dataset, int shard) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{dataset}/{shard:D4}");

    /// <summary><c>dataset/img-…</c>.</summary>
    public static string Image(string dataset, ImageId image) => $"{dataset}/{image}";

    /// <summary><c>dataset/main/7</c>.</summary>
    public static string Round(string dataset, string arm, int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{dataset}/{arm}/{number}");

    /// <summary><c>backbone/0</c>: a scoring grain stands for one device.</summary>
    public static string Device(string backbone, int slot) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{backbone}/{slot}");
}

/// <summary>A shard as the intake and the listings see it. Key: <see cref="GrainKeys.Shard"/>.</summary>
[Alias("winnow.shard-ingest")]
public interface IShardIngest : IGrainWithStringKey
{
    /// <summary>Takes in the rows of a lot, durably and exactly once; one outcome per row, in order.</summary>
    [Alias("apply")]
    Task<IngestOutcome[]> ApplyAsync(IngestLot lot, CancellationToken cancellationToken);

    /// <summary>Counts, and how far the machine's work has come.</summary>
    [Alias("summary")]
    Task<ShardSummary> GetSummaryAsync(CancellationToken cancellationToken);

    /// <summary>The machine's side of one image; null when the shard does not hold it.</summary>
    [Alias("find")]
    Task<ImageRecord?> FindAsync(ImageId image, CancellationToken cancellationToken);

    /// <summary>A page of the shard's images.</summary>
    [Alias("list")]
    Task<ListedImages> ListAsync(ListImages query, CancellationToken cancellationToken);

    /// <summary>Every image of the shard in the order of ids, a page at a time: what a dataset version records.</summary>
    [Alias("manifest")]
    Task<ListedImages> ListForManifestAsync(int fromPosition, int max, CancellationToken cancellationToken);
}

/// <summary>Counts of one shard.</summary>
[GenerateSerializer, Immutable, Alias("winnow.shard-summary")]
public sealed record ShardSummary(
    [property: Id(0)] long Images,
    [property: Id(1)] long[] Stages,
    [property: Id(2)] long Holdout,
    [property: Id(3)] long ScoringBacklog,
    [property: Id(4)] long OpenTasks,
    [property: Id(5)] long Decided,
    [property: Id(6)] string? StalledReason);
