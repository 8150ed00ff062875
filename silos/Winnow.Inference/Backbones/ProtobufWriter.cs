using System.Buffers.Binary;
using System.Text;

namespace Winnow.Inference.Backbones;

/// <summary>Writes the protobuf wire format (protobuf.dev, "Encoding"): the few field kinds that ONNX uses.</summary>
internal sealed class ProtobufWriter
{
    private readonly MemoryStream _stream = new();

    public byte[] ToArray() => _stream.ToArray();

    public ProtobufWriter Varint(int field, long value)
    {
        Tag(field, 0);
        Raw((ulong)value);
        return this;
    }

    public ProtobufWriter Float(int field, float value)
    {
        Tag(field, 5);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _stream.Write(bytes);
        return this;
    }

    public ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, 2);
        Raw((ulong)value.Length);
        _stream.Write(value);
        return this;
    }

    public ProtobufWriter String(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtobufWriter Message(int field, ProtobufWriter value) => Bytes(field, value._stream.GetBuffer().AsSpan(0, (int)value._stream.Length));

    private void Tag(int field, int wireType) => Raw(((uint)field << 3) | (uint)wireType);

    private void Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _stream.WriteByte((byte)(value | 0x80));
        _stream.WriteByte((byte)value);
    }
}
