using Winnow.Model.Images;

namespace Winnow.Abstractions.Images;

/// <summary>Keys of the grains that stand for a part of a dataset.</summary>
public static class GrainKeys
{
    /// <summary><c>dataset/0003</c>.</summary>
    public static string Shard(string dataset, int shard) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{dataset}/{shard:D4}");

    /// <summary><c>dataset/img-…</c>.</summary>
    public static string Image(string dataset, ImageId image) => $"{dataset}/{image}";

    /// <summary><c>dataset/main/7</c>.</summary>
    public static string Round(string dataset, string arm, int number) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{dataset}/{arm}/{number}");

}

/// <summary>Names one scoring device with a backbone on it: <c>backbone/silo/0</c>.</summary>
/// <param name="Backbone">The backbone.</param>
/// <param name="Silo">Name of the silo that has the device; without '/'.</param>
/// <param name="Slot">Number of the device on its silo.</param>
public readonly record struct DeviceKey(string Backbone, string Silo, int Slot)
{
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Backbone}/{Silo}/{Slot}");

    /// <summary>Reads the written form.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static DeviceKey Parse(string text)
    {
        var slot = text.LastIndexOf('/');
        var silo = slot > 0 ? text.LastIndexOf('/', slot - 1) : -1;
        if (silo <= 0 || !int.TryParse(text.AsSpan(slot + 1), System.Globalization.CultureInfo.InvariantCulture, out var number))
            throw new FormatException($"'{text}' does not name a device: expected backbone/silo/number.");
        return new DeviceKey(text[..silo], text[(silo + 1)..slot], number);
    }
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

    /// <summary>
    /// Whether the shard holds an image, from memory. A silo of the last release cannot say: ask <see cref="FindAsync"/> then.
    /// </summary>
    [Alias("holds")]
    Task<bool> HoldsAsync(ImageId image, CancellationToken cancellationToken);

    /// <summary>A page of the shard's images.</summary>
    [Alias("list")]
    Task<ListedImages> ListAsync(ListImages query, CancellationToken cancellationToken);

    /// <summary>
    /// Drops what the shard holds in memory, so that the next call reads rows and segments anew; segments that cannot be used are made
    /// again then.
    /// </summary>
    [Alias("reopen")]
    Task ReopenAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Counts of one shard, and of each space that it keeps beside the one that serves, and of its tasks by kind: null from a silo that knows
/// of none. Images that stand by machine decisions are counted by their kind.
/// </summary>
[GenerateSerializer, Immutable, Alias("winnow.shard-summary")]
public sealed record ShardSummary(
    [property: Id(0)] long Images,
    [property: Id(1)] long[] Stages,
    [property: Id(2)] long Holdout,
    [property: Id(3)] long ScoringBacklog,
    [property: Id(4)] long OpenTasks,
    [property: Id(5)] long Decided,
    [property: Id(6)] string? StalledReason,
    [property: Id(7)] SpaceProgress[]? Others = null,
    [property: Id(8)] int[]? OpenOfEachKind = null,
    [property: Id(9)] long AutoAccepted = 0,
    [property: Id(10)] long Pseudo = 0);

/// <summary>How far a shard has come with a space that does not serve. Each number counts rows from the first on.</summary>
/// <param name="Backbone">Whose space.</param>
/// <param name="Embedded">Rows with an embedding.</param>
/// <param name="Projected">Rows with a projection.</param>
/// <param name="Scored">Rows with a score.</param>
/// <param name="Stalled">Why it does not go on; null while it does.</param>
[GenerateSerializer, Immutable, Alias("winnow.space-progress")]
public sealed record SpaceProgress(
    [property: Id(0)] string Backbone,
    [property: Id(1)] long Embedded,
    [property: Id(2)] long Projected,
    [property: Id(3)] long Scored,
    [property: Id(4)] string? Stalled);
