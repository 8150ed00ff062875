using System.Globalization;
using Winnow.Abstractions.Acts;

namespace Winnow.Grains.Ports;

/// <summary>Names one stream of acts. A shard's goes on for as long as it holds images, and stays when others hold them.</summary>
/// <param name="Dataset">Whose; null for the cluster.</param>
/// <param name="Number">The shard; of what backups told −1, −2, −3, …; 0 for the cluster.</param>
public readonly record struct ActStream(string? Dataset, int Number)
{
    /// <summary>What is done to the cluster, and to datasets as a whole: it outlives them.</summary>
    public static ActStream Cluster { get; }

    /// <summary>The stream of a shard.</summary>
    public static ActStream Of(ShardKey shard) => new(shard.Dataset, shard.Shard);

    /// <summary>Whether a backup told it. Nothing is ever added to it.</summary>
    public bool IsTold => Dataset is not null && Number < 0;

    /// <summary>Its name within its owner, which is what people see.</summary>
    public string Name => Dataset is null ? "cluster"
        : string.Create(CultureInfo.InvariantCulture, $"{(IsTold ? "told" : "shard")}/{Math.Abs(Number)}");
}

/// <summary>An act in its stream.</summary>
/// <param name="Sequence">Its number, from 1 on.</param>
/// <param name="Act">The act.</param>
public sealed record StoredAct(long Sequence, ActRecord Act);

/// <summary>
/// Acts, in streams. Numbers are given as acts are committed, 1, 2, 3, … without a gap; what stands is changed and removed by nobody,
/// unless with its whole dataset: the database itself refuses. Those of shards mostly come with the commits of their shards
/// (<see cref="ShardCommit.Acts"/>), which count in the same stream.
/// </summary>
public interface IActLedger
{
    /// <summary>
    /// Adds acts behind what a stream has. They are on disk when the task completes. False where the cluster's level is too low, or there
    /// is no such dataset: nothing is written then.
    /// </summary>
    Task<bool> AppendAsync(ActStream stream, IReadOnlyList<ActRecord> acts, CancellationToken cancellationToken);

    /// <summary>
    /// Puts acts in place that a backup told, under the numbers that they had. What is there already stays. False as
    /// <see cref="AppendAsync"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">They do not continue the stream.</exception>
    Task<bool> RestoreAsync(ActStream stream, IReadOnlyList<StoredAct> acts, CancellationToken cancellationToken);

    /// <summary>Acts of a stream behind a number, in order, at most so many.</summary>
    Task<IReadOnlyList<StoredAct>> ReadActsAsync(ActStream stream, long after, int max, CancellationToken cancellationToken);

    /// <summary>The number of the last act of a stream; 0 where there is none.</summary>
    Task<long> LastActAsync(ActStream stream, CancellationToken cancellationToken);

    /// <summary>The streams of a dataset: of each shard that it ever had, and of what backups told.</summary>
    Task<IReadOnlyList<ActStream>> ListStreamsAsync(string dataset, CancellationToken cancellationToken);
}
