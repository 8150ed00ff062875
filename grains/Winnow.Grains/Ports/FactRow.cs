using Winnow.Model.Images;

namespace Winnow.Grains.Ports;

/// <summary>Names one fact of a shard: what kind of statement it is, about which image, and which of several such.</summary>
/// <param name="Kind">The kind's name. A ledger keeps kinds that no release knows yet.</param>
/// <param name="Ordinal">The row that it is about; −1: the shard itself.</param>
/// <param name="Key">Tells apart several of a kind about one row, such as the source of a prelabel.</param>
public readonly record struct FactKey(string Kind, int Ordinal, string Key);

/// <summary>
/// One fact. It is kept in two parts: a reference, which is all of this but the payload, and the payload, which lawful erasure may remove;
/// what refers to a fact goes by its key, version and hash, and stays true. Facts of append-only kinds are numbered 1, 2, 3, … under their
/// key and stay as they were written; of others the one with the highest version stands alone.
/// </summary>
/// <param name="Id">Which fact.</param>
/// <param name="Image">The image at the ordinal; the default where the fact is the shard's.</param>
/// <param name="Version">Its number under the key, from 1 on.</param>
/// <param name="AppendOnly">Whether its kind only grows. It stands in the row, so that what is unknown is kept as it must be.</param>
/// <param name="OperationId">What wrote it.</param>
/// <param name="Actor">Who wrote it.</param>
/// <param name="Sha256">32 bytes: the hash of the payload.</param>
/// <param name="Size">Bytes of the payload.</param>
/// <param name="Payload">UTF-8 text; null once it was erased.</param>
public sealed record FactRow(
    FactKey Id, ImageId Image, long Version, bool AppendOnly, Guid OperationId, string Actor, byte[] Sha256, int Size, byte[]? Payload)
{
    /// <summary>The cluster level from which facts of the kind may be written. What a ledger gave was written, and needs none.</summary>
    public int Level { get; init; }

    /// <summary>Whether the payload is gone.</summary>
    public bool IsErased => Payload is null;
}

/// <summary>That the payload of one fact is to go, from every shard that has or had it.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Image">The image that the fact is about.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Key">The key.</param>
/// <param name="Version">The number under the key.</param>
/// <param name="Actor">Who has it erased. Kept, with the time.</param>
/// <param name="At">When.</param>
public sealed record PayloadErasure(string Dataset, ImageId Image, string Kind, string Key, long Version, string Actor, DateTimeOffset At);

/// <summary>
/// Erases payloads as law may ask for. Nothing else removes one of an append-only kind, but for the deletion of its whole dataset: the
/// database itself refuses that.
/// </summary>
public interface IErasures
{
    /// <summary>
    /// Removes a payload for good: it is gone when the task completes, whatever is being copied meanwhile, and cannot be written again.
    /// References stay.
    /// </summary>
    /// <returns>How many shards had it; 0 when none has, or has any more.</returns>
    Task<int> ErasePayloadAsync(PayloadErasure erasure, CancellationToken cancellationToken);
}
