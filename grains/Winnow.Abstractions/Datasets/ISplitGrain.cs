using Winnow.Abstractions.Training;
using Winnow.Model.Datasets;

namespace Winnow.Abstractions.Datasets;

/// <summary>Doubles the shards of one dataset while it is worked with. Key: its name.</summary>
[Alias("winnow.split")]
public interface ISplitGrain : IGrainWithStringKey
{
    /// <summary>Begins, where that has not been done.</summary>
    /// <param name="shards">How many there shall be.</param>
    /// <param name="actor">Who wants it.</param>
    /// <param name="cancellationToken">Gives up before it begins.</param>
    /// <returns>The dataset as it is then.</returns>
    /// <exception cref="RefusedException">That is not twice as many as there are, or more than there can be.</exception>
    [Alias("start")]
    Task<DatasetInfo> StartAsync(int shards, string actor, CancellationToken cancellationToken);

    /// <summary>How far it has come; null when none is under way.</summary>
    [Alias("progress")]
    Task<ShardSplitProgress?> GetAsync(CancellationToken cancellationToken);

    /// <summary>Goes on with what was cut off.</summary>
    [Alias("resume")]
    Task ResumeAsync(CancellationToken cancellationToken);
}

/// <summary>How far a shard has been copied.</summary>
/// <param name="Copied">Rows that lie in its halves: images, and what machines found about them.</param>
/// <param name="Total">Rows in all, as of now.</param>
/// <param name="Ready">So little is left that others may wait for it.</param>
[GenerateSerializer, Immutable, Alias("winnow.copied-rows")]
public readonly record struct CopiedRows([property: Id(0)] long Copied, [property: Id(1)] long Total, [property: Id(2)] bool Ready);

/// <summary>A shard as it is split in two.</summary>
[Alias("winnow.shard-split")]
public interface IShardSplit : IGrainWithStringKey
{
    /// <summary>Copies for a second or two, and says how far that came. The shard goes on with everything else meanwhile.</summary>
    [Alias("copy"), ResponseTimeout(LongCall.Limit)]
    Task<CopiedRows> CopyAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes in nothing more, and returns when all that it ever took in lies in its halves. The doubling must be
    /// <see cref="ShardSplitStep.Sealed"/> in the ledger before.
    /// </summary>
    [Alias("seal"), ResponseTimeout(LongCall.Limit)]
    Task SealAsync(CancellationToken cancellationToken);

    /// <summary>Reads what a shard needs to answer; for a shard that is about to take over, or has.</summary>
    [Alias("ready"), ResponseTimeout(LongCall.Limit)]
    Task MakeReadyAsync(CancellationToken cancellationToken);

    /// <summary>Ends a shard that others have taken over from: what waits for it is told so.</summary>
    [Alias("retire")]
    Task RetireAsync(CancellationToken cancellationToken);
}
