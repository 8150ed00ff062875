using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Winnow.Inference.Weights;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Name">As in the file.</param>
/// <param name="Shape">Row-major, slowest dimension first (GGUF itself lists the fastest first); empty for a single value.</param>
/// <param name="Values">All values, float16 widened to float32.</param>
public sealed record GgufTensor(string Name, IReadOnlyList<int> Shape, float[] Values);

/// <summary>
/// Reads GGUF files of versions 2 and 3, little endian, with F32 and F16 tensors (the specification is docs/gguf.md of the ggml project).
/// Every length in the file is checked before it is believed.
/// </summary>
public sealed class GgufFile
{
    private const int MaxDimensions = 4;
    private const uint ValueString = 8;
    private const uint ValueArray = 9;

    private readonly Dictionary<string, GgufTensor> _tensors;

    private GgufFile(Dictionary<string, string> metadata, Dictionary<string, GgufTensor> tensors)
    {
        Metadata = metadata;
        _tensors = tensors;
    }

    /// <summary>Keys and values; numbers in invariant culture, arrays joined with commas.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    public IReadOnlyCollection<GgufTensor> Tensors => _tensors.Values;

    /// <summary>The tensor of that name and shape.</summary>
    /// <exception cref="InvalidDataException">It is missing or has another shape; the message says which.</exception>
    public GgufTensor Tensor(string name, params ReadOnlySpan<int> shape)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
            throw new InvalidDataException($"The GGUF file has no tensor \"{name}\"; it holds another model than was expected.");
        if (!shape.SequenceEqual(tensor.Shape.ToArray()))
            throw new InvalidDataException(
                $"Tensor \"{name}\" has shape [{string.Join(", ", tensor.Shape)}] and [{string.Join(", ", shape.ToArray())}] "
                + $"was expected.");
        return tensor;
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InvalidDataException">The bytes are no readable GGUF file; the message says what is wrong at which
    /// offset.</exception>
    public static GgufFile Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        if (!reader.Take(4, "magic").SequenceEqual("GGUF"u8))
            throw new InvalidDataException("The file does not begin with \"GGUF\".");
        var version = reader.UInt32("version");
        if (version is not (2 or 3))
            throw new InvalidDataException($"GGUF version {version} is not supported; 2 and 3 are.");
        // A tensor entry takes at least 24 bytes and a key at least 12, so a count that cannot fit is refused before anything is sized by
        // it.
        var tensorCount = reader.Count("tensor count", 24);
        var keyCount = reader.Count("metadata count", 12);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < keyCount; i++)
        {
            var key = reader.String("metadata key");
            metadata[key] = reader.Value(reader.UInt32($"type of \"{key}\""), key, 0);
        }
        var alignment = 32;
        if (metadata.TryGetValue("general.alignment", out var text)
            && (!int.TryParse(text, CultureInfo.InvariantCulture, out alignment) || alignment is < 1 or > 1 << 20))
        {
            throw new InvalidDataException($"general.alignment is \"{text}\"; a number from 1 to 1,048,576 was expected.");
        }
        var entries = new List<Entry>();
        for (var i = 0; i < tensorCount; i++)
            entries.Add(ReadEntry(ref reader));
        var data = (reader.Position + alignment - 1) / alignment * (long)alignment;
        var tensors = new Dictionary<string, GgufTensor>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (!tensors.TryAdd(entry.Name, new GgufTensor(entry.Name, entry.Shape, Values(bytes, data, entry))))
                throw new InvalidDataException($"Tensor \"{entry.Name}\" appears twice.");
        }
        return new GgufFile(metadata, tensors);
    }

    private static Entry ReadEntry(ref Reader reader)
    {
        var name = reader.String("tensor name");
        var dimensions = reader.UInt32($"dimensions of \"{name}\"");
        if (dimensions > MaxDimensions)
            throw new InvalidDataException($"Tensor \"{name}\" has {dimensions} dimensions; at most {MaxDimensions} were expected.");
        var shape = new int[dimensions];
        var count = 1L;
        for (var d = 0; d < dimensions; d++)
        {
            var length = reader.UInt64($"shape of \"{name}\"");
            if (length is 0 or > int.MaxValue || (count *= (long)length) > Array.MaxLength)
                throw new InvalidDataException($"Tensor \"{name}\" has a dimension of {length}, which is zero or too large.");
            shape[dimensions - 1 - d] = (int)length;
        }
        var type = reader.UInt32($"type of \"{name}\"");
        if (type > 1)
            throw new InvalidDataException(
                $"Tensor \"{name}\" has type {type}; 0 (F32) and 1 (F16) are supported, so take a file that is not quantised.");
        return new Entry(name, shape, (int)count, type == 1, reader.UInt64($"offset of \"{name}\""));
    }

    private static float[] Values(ReadOnlySpan<byte> bytes, long data, Entry entry)
    {
        var size = (long)entry.Count * (entry.IsHalf ? 2 : 4);
        if (entry.Offset > (ulong)bytes.Length || data + (long)entry.Offset + size > bytes.Length)
            throw new InvalidDataException(
                $"Tensor \"{entry.Name}\" lies at {data} + {entry.Offset} with {size} bytes, past the end of the file at {bytes.Length}.");
        var raw = bytes.Slice((int)(data + (long)entry.Offset), (int)size);
        var values = new float[entry.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = entry.IsHalf
                ? (float)BinaryPrimitives.ReadHalfLittleEndian(raw[(2 * i)..])
                : BinaryPrimitives.ReadSingleLittleEndian(raw[(4 * i)..]);
        }
        return values;
    }

    private sealed record Entry(string Name, int[] Shape, int Count, bool IsHalf, ulong Offset);

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public int Position { get; private set; }

        public ReadOnlySpan<byte> Take(ulong count, string what)
        {
            if (count > (ulong)(_bytes.Length - Position))
                throw new InvalidDataException(
                    $"The GGUF file ends within its {what}: {count} bytes are wanted at offset {Position} of {_bytes.Length}.");
            var taken = _bytes.Slice(Position, (int)count);
            Position += (int)count;
            return taken;
        }

        public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

        public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

        public int Count(string what, ulong leastBytesEach)
        {
            var count = UInt64(what);
            return count <= (ulong)(_bytes.Length - Position) / leastBytesEach
                ? (int)count
                : throw new InvalidDataException($"The {what} is {count}, more than the file's {_bytes.Length} bytes can hold.");
        }

        public string String(string what) => Encoding.UTF8.GetString(Take(UInt64($"length of {what}"), what));

        public string Value(uint type, string key, int depth)
        {
            if (type == ValueString)
                return String(key);
            if (type == ValueArray)
            {
                if (depth > 3)
                    throw new InvalidDataException($"The metadata value \"{key}\" nests arrays too deeply.");
                var inner = UInt32(key);
                var items = new string[Count($"length of \"{key}\"", 1)];
                for (var i = 0; i < items.Length; i++)
                    items[i] = Value(inner, key, depth + 1);
                return string.Join(',', items);
            }
            return type switch
            {
                0 => Number<byte>(key),
                1 => Number<sbyte>(key),
                2 => Number<ushort>(key),
                3 => Number<short>(key),
                4 => Number<uint>(key),
                5 => Number<int>(key),
                6 => Number<float>(key),
                7 => Take(1, key)[0] == 0 ? "false" : "true",
                10 => Number<ulong>(key),
                11 => Number<long>(key),
                12 => Number<double>(key),
                _ => throw new InvalidDataException($"The metadata value \"{key}\" has type {type}, which GGUF does not define."),
            };
        }

        private unsafe string Number<T>(string key)
            where T : unmanaged, IFormattable =>
            MemoryMarshal.Read<T>(Take((ulong)sizeof(T), key)).ToString(null, CultureInfo.InvariantCulture);
    }
}
