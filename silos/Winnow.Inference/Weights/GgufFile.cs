using System.Buffers.Binary;
using System.Text;

namespace Winnow.Inference.Weights;

/// <summary>One tensor of a GGUF file. <paramref name="Shape"/> is in row-major order, outermost first.</summary>
public sealed record GgufTensor(string Name, IReadOnlyList<long> Shape, float[] Values);

/// <summary>
/// Reads GGUF, versions 2 and 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), tensors in float32 and float16. The file comes
/// from outside: every length is held against what is left of the file before it is believed.
/// </summary>
public sealed class GgufFile
{
    private const int MaxTensors = 100_000;
    private const int MaxNesting = 4;
    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);

    private GgufFile(Dictionary<string, object> metadata) => Metadata = metadata;

    /// <summary>Key-value pairs: strings, bools, and numbers as <see cref="long"/>, <see cref="ulong"/> or <see cref="double"/>; lists of them.</summary>
    public IReadOnlyDictionary<string, object> Metadata { get; }

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    /// <summary>A tensor by name.</summary>
    /// <exception cref="InvalidDataException">The file does not hold it.</exception>
    public GgufTensor Tensor(string name) => _tensors.GetValueOrDefault(name) ?? throw new InvalidDataException($"The GGUF file has no tensor '{name}'.");

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InvalidDataException">It is not a GGUF file, is damaged, or uses what this reader does not know; the message says where.</exception>
    public static GgufFile Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        if (reader.UInt32("the magic number") != 0x46554747) throw new InvalidDataException("Not a GGUF file: it does not begin with 'GGUF'.");
        var version = reader.UInt32("the version");
        if (version is not (2 or 3)) throw new InvalidDataException($"GGUF version {version} is not known to this reader (2 and 3 are).");
        var tensorCount = reader.UInt64("the number of tensors");
        var pairCount = reader.UInt64("the number of key-value pairs");
        if (tensorCount > MaxTensors || pairCount > MaxTensors) throw new InvalidDataException($"The GGUF file claims {tensorCount} tensors and {pairCount} key-value pairs; at most {MaxTensors} are believed.");
        var metadata = new Dictionary<string, object>(StringComparer.Ordinal);
        for (var i = 0UL; i < pairCount; i++)
        {
            var key = reader.Text("a key");
            metadata[key] = reader.Value(reader.UInt32($"the type of '{key}'"), key, 0);
        }
        var infos = new List<(string Name, long[] Shape, uint Type, ulong Offset)>();
        for (var i = 0UL; i < tensorCount; i++) infos.Add(reader.TensorInfo());
        var alignment = metadata.TryGetValue("general.alignment", out var a) && a is long and > 0 and <= 65536 ? (int)(long)a : 32;
        var data = (reader.Position + alignment - 1L) / alignment * alignment;
        var file = new GgufFile(metadata);
        foreach (var info in infos)
            if (!file._tensors.TryAdd(info.Name, ReadTensor(bytes, data, info))) throw new InvalidDataException($"Tensor '{info.Name}' stands twice in the GGUF file.");
        return file;
    }

    private static GgufTensor ReadTensor(ReadOnlySpan<byte> bytes, long data, (string Name, long[] Shape, uint Type, ulong Offset) info)
    {
        var width = info.Type switch { 0 => 4, 1 => 2, _ => throw new InvalidDataException($"Tensor '{info.Name}' has type {info.Type}; float32 (0) and float16 (1) are read.") };
        long count = 1;
        foreach (var d in info.Shape) count = d is >= 0 and <= int.MaxValue && count <= int.MaxValue ? count * d : long.MaxValue / 2;
        var room = bytes.Length - data;
        if (room < 0 || info.Offset > (ulong)room || count > (room - (long)info.Offset) / width) throw new InvalidDataException($"Tensor '{info.Name}' of {count} numbers reaches past the end of the GGUF file.");
        var raw = bytes.Slice((int)(data + (long)info.Offset), (int)(count * width));
        var values = new float[count];
        for (var i = 0; i < values.Length; i++)
            values[i] = width == 4 ? BinaryPrimitives.ReadSingleLittleEndian(raw[(4 * i)..]) : (float)BinaryPrimitives.ReadHalfLittleEndian(raw[(2 * i)..]);
        // GGUF writes the innermost dimension first.
        return new GgufTensor(info.Name, [.. info.Shape.Reverse()], values);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public int Position { get; private set; }

        public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

        public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

        public string Text(string what)
        {
            var length = UInt64($"the length of {what}");
            return Encoding.UTF8.GetString(Take(length, what));
        }

        public object Value(uint type, string key, int depth) => type switch
        {
            0 => (long)Take(1, key)[0],
            1 => (long)(sbyte)Take(1, key)[0],
            2 => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2, key)),
            3 => (long)BinaryPrimitives.ReadInt16LittleEndian(Take(2, key)),
            4 => (long)UInt32(key),
            5 => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4, key)),
            6 => (double)BinaryPrimitives.ReadSingleLittleEndian(Take(4, key)),
            7 => Take(1, key)[0] != 0,
            8 => Text(key),
            9 => List(key, depth),
            10 => UInt64(key),
            11 => BinaryPrimitives.ReadInt64LittleEndian(Take(8, key)),
            12 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8, key)),
            _ => throw new InvalidDataException($"Key '{key}' at byte {Position} has type {type}, which GGUF does not define."),
        };

        private List<object> List(string key, int depth)
        {
            if (depth >= MaxNesting) throw new InvalidDataException($"Key '{key}' nests lists deeper than {MaxNesting}.");
            var type = UInt32(key);
            var count = UInt64(key);
            if (count > (ulong)(_bytes.Length - Position)) throw new InvalidDataException($"Key '{key}' claims a list of {count} items, more than the GGUF file has bytes left.");
            var items = new List<object>();
            for (var i = 0UL; i < count; i++) items.Add(Value(type, key, depth + 1));
            return items;
        }

        public (string Name, long[] Shape, uint Type, ulong Offset) TensorInfo()
        {
            var name = Text("a tensor's name");
            var rank = UInt32($"the rank of '{name}'");
            if (rank > 8) throw new InvalidDataException($"Tensor '{name}' claims {rank} dimensions.");
            var shape = new long[rank];
            for (var i = 0; i < rank; i++) shape[i] = (long)Math.Min(UInt64($"the shape of '{name}'"), long.MaxValue);
            return (name, shape, UInt32($"the type of '{name}'"), UInt64($"the offset of '{name}'"));
        }

        private ReadOnlySpan<byte> Take(ulong count, string what)
        {
            if (count > (ulong)(_bytes.Length - Position)) throw new InvalidDataException($"The GGUF file ends at byte {_bytes.Length}, within {what} at byte {Position}.");
            var taken = _bytes.Slice(Position, (int)count);
            Position += (int)count;
            return taken;
        }
    }
}
