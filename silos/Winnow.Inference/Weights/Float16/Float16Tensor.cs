using System.Buffers.Binary;
using Google.Protobuf;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights.Float16;

/// <summary>Tensors of onnx.proto from float32 to float16.</summary>
internal static class Float16Tensor
{
    /// <summary>TensorProto.DataType of the ONNX project: FLOAT.</summary>
    public const int Float = 1;

    /// <summary>TensorProto.DataType of the ONNX project: FLOAT16.</summary>
    public const int Half = 10;

    /// <summary>Converts a float32 tensor in place; any other stays.</summary>
    /// <exception cref="WeightsUnavailableException">It holds another number of values than its shape.</exception>
    public static void Convert(TensorProto tensor)
    {
        if (tensor.DataType != Float)
            return;
        var raw = tensor.RawData.Span;
        var count = tensor.HasRawData ? raw.Length / sizeof(float) : tensor.FloatData.Count;
        if (tensor.HasRawData && raw.Length % sizeof(float) != 0
            || tensor.Dims.Aggregate((Int128)1, (product, length) => product * length) != count)
            throw new WeightsUnavailableException(
            $"Tensor \"{tensor.Name}\" has the shape [{string.Join(", ", tensor.Dims)}] and holds {count} values.");
        var halves = new byte[count * 2];
        for (var i = 0; i < count; i++)
        {
            var value = tensor.HasRawData ? BinaryPrimitives.ReadSingleLittleEndian(raw[(4 * i)..]) : tensor.FloatData[i];
            BinaryPrimitives.WriteHalfLittleEndian(halves.AsSpan(2 * i), Nearest(value));
        }
        tensor.FloatData.Clear();
        (tensor.DataType, tensor.RawData) = (Half, UnsafeByteOperations.UnsafeWrap(halves));
    }

    /// <summary>
    /// The nearest float16. A finite value stays finite (±65,504 at most), since masks are often filled with the lowest float32; one that
    /// is not zero does not become zero, since it may stand below a fraction bar to keep that from being zero.
    /// </summary>
    public static System.Half Nearest(float value)
    {
        var half = (System.Half)value;
        if (System.Half.IsInfinity(half) && float.IsFinite(value))
            return System.Half.CopySign(System.Half.MaxValue, half);
        return half == System.Half.Zero && value != 0 ? System.Half.CopySign(System.Half.Epsilon, half) : half;
    }
}
