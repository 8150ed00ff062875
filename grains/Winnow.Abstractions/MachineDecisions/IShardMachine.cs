using Winnow.Abstractions.Training;
using Winnow.Model.Images;
using Winnow.Model.MachineDecisions;

namespace Winnow.Abstractions.MachineDecisions;

/// <summary>Machine decisions about one shard's images, checked against the schema before.</summary>
/// <param name="OperationId">Makes it exactly-once.</param>
/// <param name="Content">What the whole upload comes to: see <see cref="Datasets.OperationStamp"/>.</param>
/// <param name="Actor">Who has them recorded.</param>
/// <param name="Rows">The decisions.</param>
[GenerateSerializer, Immutable, Alias("winnow.machine-lot")]
public sealed record MachineLot(
    [property: Id(0)] Guid OperationId,
    [property: Id(1)] Guid Content,
    [property: Id(2)] string Actor,
    [property: Id(3)] MachineRow[] Rows);

/// <summary>One decision on its way to its shard.</summary>
/// <param name="Image">The image.</param>
/// <param name="Json">All of it, as JSON of the model.</param>
[GenerateSerializer, Immutable, Alias("winnow.machine-row")]
public readonly record struct MachineRow([property: Id(0)] ImageId Image, [property: Id(1)] byte[] Json);

/// <summary>That decisions are taken back.</summary>
/// <param name="OperationId">Belongs to its actor and content.</param>
/// <param name="Content">What is taken back, and why.</param>
/// <param name="Actor">Who takes them back.</param>
/// <param name="Reason">Why.</param>
/// <param name="Run">Those of this run; null for those of any.</param>
/// <param name="Image">Those about this image; null for those about any.</param>
[GenerateSerializer, Immutable, Alias("winnow.machine-take-back")]
public sealed record MachineTakeBack(
    [property: Id(0)] Guid OperationId,
    [property: Id(1)] Guid Content,
    [property: Id(2)] string Actor,
    [property: Id(3)] string Reason,
    [property: Id(4)] string? Run,
    [property: Id(5)] ImageId? Image);

/// <summary>What became of it in one shard.</summary>
/// <param name="Now">Decisions that were taken back by it.</param>
/// <param name="Before">Decisions that had been before.</param>
[GenerateSerializer, Immutable, Alias("winnow.machine-taken-back")]
public readonly record struct MachineTakenBack([property: Id(0)] long Now, [property: Id(1)] long Before);

/// <summary>A shard as machines that decide see it.</summary>
[Alias("winnow.shard-machine")]
public interface IShardMachine : IGrainWithStringKey
{
    /// <summary>Records decisions, durably and once.</summary>
    /// <returns>For each row why it was refused; null where it is on disk.</returns>
    [Alias("put")]
    Task<string?[]> PutDecisionsAsync(MachineLot lot, CancellationToken cancellationToken);

    /// <summary>
    /// Takes decisions back. What a crash interrupts is half done, and the same call again does the rest.
    /// </summary>
    [Alias("take-back"), ResponseTimeout(LongCall.Limit)]
    Task<MachineTakenBack> TakeBackAsync(MachineTakeBack command, CancellationToken cancellationToken);

    /// <summary>What there is of each run.</summary>
    [Alias("runs"), ResponseTimeout(LongCall.Limit)]
    Task<MachineRun[]> GetRunsAsync(CancellationToken cancellationToken);
}
