using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Winnow.Algorithms.Numerics;

/// <summary>
/// The common frame of small stored matrices: a magic number, a layout, a few integers, floats, and a CRC-32 over all before it.
/// </summary>
internal static class BinaryBlob
{
    public static byte[] Write(uint magic, int layout, ReadOnlySpan<int> integers, params ReadOnlySpan<float[]> arrays)
    {
        var size = 8 + 4 * integers.Length + 4;
        foreach (var array in arrays) size += 4 * array.Length;
        var bytes = new byte[size];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), layout);
        var at = 8;
        foreach (var integer in integers)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), integer);
            at += 4;
        }
        foreach (var array in arrays)
        {
            MemoryMarshal.AsBytes<float>(array).CopyTo(bytes.AsSpan(at));
            at += 4 * array.Length;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), Crc32.HashToUInt32(bytes.AsSpan(0, at)));
        return bytes;
    }

    public static int[] ReadIntegers(ReadOnlySpan<byte> bytes, string what, uint magic, int layout, int count)
    {
        if (bytes.Length < 12 + 4 * count || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != magic)
            throw new InvalidDataException($"These bytes are not a {what}.");
        var found = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (found != layout) throw new InvalidDataException($"A {what} of layout {found}; this program reads layout {layout}.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != Crc32.HashToUInt32(bytes[..^4]))
            throw new InvalidDataException($"A {what} whose checksum does not match: it is damaged.");
        var integers = new int[count];
        for (var i = 0; i < count; i++) integers[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(8 + 4 * i)..]);
        return integers;
    }

    public static float[] ReadFloats(ReadOnlySpan<byte> bytes, string what, ref int at, long count)
    {
        if (count < 0 || at + 4 * count > bytes.Length - 4) throw new InvalidDataException($"A {what} that ends before its numbers do.");
        var floats = MemoryMarshal.Cast<byte, float>(bytes.Slice(at, (int)(4 * count))).ToArray();
        at += (int)(4 * count);
        return floats;
    }
}
