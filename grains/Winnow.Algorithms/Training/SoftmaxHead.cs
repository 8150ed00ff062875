using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Training;

/// <summary>A linear classifier with a softmax: calibrated probabilities are softmax((W x + b) / T).</summary>
/// <param name="Classes">K.</param>
/// <param name="Dimensions">Length of a row x.</param>
/// <param name="Weights">[K × dimensions].</param>
/// <param name="Bias">[K].</param>
/// <param name="Temperature">T &gt; 0; 1 before calibration.</param>
public sealed record SoftmaxHead(int Classes, int Dimensions, float[] Weights, float[] Bias, float Temperature)
{
    private const uint Magic = 0x4448_4E57; // "WNHD"
    private const int Layout = 1;
    private const string What = "head";

    /// <summary>The stored form: a header, the numbers, a checksum.</summary>
    public byte[] ToBytes() => BinaryBlob.Write(Magic, Layout, [Classes, Dimensions], [Temperature], Weights, Bias);

    /// <summary>Reads the stored form.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a head, are damaged, or of another layout.</exception>
    public static SoftmaxHead FromBytes(ReadOnlySpan<byte> bytes)
    {
        var shape = BinaryBlob.ReadIntegers(bytes, What, Magic, Layout, 2);
        var at = 16;
        var temperature = BinaryBlob.ReadFloats(bytes, What, ref at, 1)[0];
        var weights = BinaryBlob.ReadFloats(bytes, What, ref at, (long)shape[0] * shape[1]);
        return new SoftmaxHead(shape[0], shape[1], weights, BinaryBlob.ReadFloats(bytes, What, ref at, shape[0]), temperature);
    }
}
