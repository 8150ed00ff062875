using System.Security.Cryptography;
using System.Text;
using Winnow.Model;

namespace Winnow.Abstractions.Datasets;

/// <summary>
/// Whose an operation id is, and for what. An id that comes again stands for the same operation only where both are the same; otherwise
/// somebody took another's, and what that one did must not be told as if it were done now.
/// </summary>
/// <param name="Actor">Who.</param>
/// <param name="Content">The first 128 bits of the SHA-256 of what was asked for.</param>
public readonly record struct OperationStamp(string Actor, Guid Content)
{
    /// <summary>What a request comes to, of its parts in their order. No two lists of parts come to the same bytes.</summary>
    public static Guid ContentOf(params IEnumerable<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in parts)
        {
            BitConverter.TryWriteBytes(length, part is null ? -1 : Encoding.UTF8.GetByteCount(part));
            if (!BitConverter.IsLittleEndian) length.Reverse();
            hash.AppendData(length);
            if (part is not null) hash.AppendData(Encoding.UTF8.GetBytes(part));
        }
        Span<byte> sha256 = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(sha256);
        return new Guid(sha256[..16], bigEndian: true);
    }

    /// <summary>The refusal of an operation id that stands for something else.</summary>
    /// <param name="what">What it stands for, as the end of a sentence: "for a lot of images".</param>
    public static RefusedException Conflict(Guid operationId, string what) =>
        new($"Operation id {operationId} was used before, by somebody else or {what} of other content. Nothing was done. An id belongs to "
            + "one request: send this one again under an id of its own.")
        {
            Code = RefusalCodes.OperationConflict,
        };
}
