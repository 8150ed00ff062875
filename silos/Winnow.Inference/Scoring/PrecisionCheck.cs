using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Scoring;

/// <summary>
/// Holds a backbone's float16 form on a device against float32 on the processor, before any image is embedded: activations beyond ±65,504
/// would make every image look broken, and what a device makes of float16 is only seen there.
/// </summary>
public static class PrecisionCheck
{
    /// <summary>
    /// Distance of the two embeddings of a test picture, at most, as a share of the length of the one in float32. It keeps their cosine
    /// above 0.995. The default backbone has 0.02: whatever breaks is far beyond either.
    /// </summary>
    public const double MostDistance = 0.1;

    /// <summary>Runs both on two test pictures: a pattern of stripes and noise, and plain white.</summary>
    /// <param name="full">The backbone in float32.</param>
    /// <param name="half">Its form in float16.</param>
    /// <param name="device">Where <paramref name="half"/> is to run.</param>
    /// <returns>The larger of the two distances.</returns>
    /// <exception cref="WeightsUnavailableException">The float16 form does not load, or its embeddings are too far from those in float32;
    /// the message says which.</exception>
    public static double Run(BackboneFile full, BackboneFile half, Device device)
    {
        ArgumentNullException.ThrowIfNull(full);
        ArgumentNullException.ThrowIfNull(half);
        ArgumentNullException.ThrowIfNull(device);
        try
        {
            var distance = Embed(full, Device.Cpu).Zip(Embed(half, device), Distance).Max();
            return distance <= MostDistance
                ? distance
                : throw new WeightsUnavailableException(string.Create(CultureInfo.InvariantCulture,
                    $"in float16 on {device} its embedding of a test picture is {distance:P1} off the one in float32, and "
                    + $"{MostDistance:P0} are allowed. Use Float32."));
        }
        catch (OnnxRuntimeException broken)
        {
            throw new WeightsUnavailableException(
                $"ONNX Runtime does not run its float16 form on {device}; use Float32. It says: {broken.Message}", broken);
        }
    }

    private static List<float[]> Embed(BackboneFile backbone, Device device)
    {
        using var options = device.CreateSessionOptions();
        using var session = backbone.Open(options);
        using var runner = BackboneRunner.Open(session, backbone.OutputName, backbone.Preprocessing.Side, 1);
        var embeddings = new List<float[]>();
        foreach (var pixel in new Func<int, int, int>[] { Stripes, (_, _) => 255 })
        {
            var image = runner.Slot(0);
            var plane = runner.Side * runner.Side;
            for (var i = 0; i < image.Length; i++)
            {
                var (factor, addend) = backbone.Preprocessing.Normalisation.Affine(i / plane);
                image[i] = (pixel(i / plane, i % plane) * factor) + addend;
            }
            embeddings.Add(runner.Run(0, 1).ToArray());
        }
        return embeddings;

        // The same on every machine. The noise is the top of a multiplicative hash (Knuth, TAOCP 3, 6.4).
        int Stripes(int channel, int at) =>
            Math.Clamp((((at % runner.Side * (channel + 2)) + (at / runner.Side * 3)) % 224)
            + (int)((uint)((channel * 7919) + at) * 2654435761u >> 27), 0, 255);
    }

    /// <summary>Infinite where a value is not finite, so that it is refused.</summary>
    private static double Distance(float[] a, float[] b)
    {
        if (a.AsSpan().SequenceEqual(b))
            return 0;
        double distance = TensorPrimitives.Distance<float>(a, b) / TensorPrimitives.Norm<float>(a);
        return double.IsNaN(distance) ? double.PositiveInfinity : distance;
    }
}
