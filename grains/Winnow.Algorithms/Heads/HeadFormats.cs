using System.Buffers.Binary;

namespace Winnow.Algorithms.Heads;

/// <summary>Reads the stored form of a head.</summary>
/// <exception cref="InvalidDataException">The bytes are damaged, or of another version.</exception>
public delegate IHead HeadReader(ReadOnlySpan<byte> bytes);

/// <summary>One stored form of heads: the first four bytes are its magic, the next four its version.</summary>
/// <param name="Name">What people call it, lower-case with hyphens.</param>
/// <param name="Version">The version that is written. Those that earlier releases wrote are read as well.</param>
/// <param name="Magic">What its bytes begin with, little-endian.</param>
/// <param name="Read">Reads it.</param>
public sealed record HeadFormat(string Name, int Version, uint Magic, HeadReader Read) : INamed;

/// <summary>All stored forms of heads: the one place where a new one is registered.</summary>
public static class HeadFormats
{
    /// <summary>Every form.</summary>
    public static Registry<HeadFormat> All { get; } = new("format of heads", SoftmaxHead.Stored, SigmoidHead.Stored);

    /// <summary>Reads a head of any form.</summary>
    /// <exception cref="InvalidDataException">
    /// The bytes are no head, are damaged, or of a version that this program does not know.
    /// </exception>
    public static IHead Read(ReadOnlySpan<byte> bytes)
    {
        var magic = bytes.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        var format = All.FirstOrDefault(f => f.Magic == magic)
            ?? throw new InvalidDataException(
                $"These bytes are not a head. Known are: {string.Join(", ", All.Select(f => $"{f.Name} {f.Version}"))}.");
        return format.Read(bytes);
    }
}
