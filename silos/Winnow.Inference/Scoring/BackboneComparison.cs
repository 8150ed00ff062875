using Winnow.Inference.Backbones;
using Winnow.Inference.Images;

namespace Winnow.Inference.Scoring;

/// <summary>How far two backbones are apart on the same images.</summary>
/// <param name="Images">Images compared.</param>
/// <param name="Refused">Images that could not be decoded.</param>
/// <param name="MaxAbsolute">Largest difference of one value.</param>
/// <param name="MeanAbsolute">Mean difference over all values.</param>
/// <param name="WorstImage">Path of the image with the largest difference.</param>
public sealed record BackboneDifference(int Images, int Refused, float MaxAbsolute, double MeanAbsolute, string? WorstImage);

/// <summary>Compares two conversions of one backbone, or a backbone with its quantised form.</summary>
public static class BackboneComparison
{
    /// <summary>Embeds every image with both, each with its own preprocessing, on the CPU.</summary>
    /// <exception cref="ArgumentException">Their embeddings differ in length.</exception>
    /// <exception cref="IOException">An image file cannot be read.</exception>
    public static BackboneDifference Compare(BackboneFile first, BackboneFile second, IEnumerable<string> imagePaths, ImageDecoder decoder,
        CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(imagePaths);
        ArgumentNullException.ThrowIfNull(decoder);
        using var options = Device.Cpu.CreateSessionOptions();
        using var firstSession = first.Open(options);
        using var secondSession = second.Open(options);
        using var a = BackboneRunner.Open(firstSession, first.OutputName, first.Preprocessing.Side, 1);
        using var b = BackboneRunner.Open(secondSession, second.OutputName, second.Preprocessing.Side, 1);
        if (a.Dimensions != b.Dimensions)
            throw new ArgumentException($"\"{first.Info.Name}\" has {a.Dimensions} dimensions and \"{second.Info.Name}\" {b.Dimensions}.",
                nameof(second));
        var (images, refused, max, sum, worst) = (0, 0, 0f, 0.0, (string?)null);
        foreach (var path in imagePaths)
        {
            ct.ThrowIfCancellationRequested();
            var bytes = File.ReadAllBytes(path);
            if (!decoder.TryDecodeToTensor(bytes, a.Slot(0), a.Side, first.Preprocessing.Normalisation, out _)
                || !decoder.TryDecodeToTensor(bytes, b.Slot(0), b.Side, second.Preprocessing.Normalisation, out _))
            {
                refused++;
                continue;
            }
            images++;
            var left = a.Run(0, 1);
            var right = b.Run(0, 1);
            for (var i = 0; i < left.Length; i++)
            {
                var difference = Math.Abs(left[i] - right[i]);
                sum += difference;
                // Written so that NaN counts as worst, and stays.
                if (!(difference <= max) && !float.IsNaN(max))
                    (max, worst) = (difference, path);
            }
        }
        return new BackboneDifference(images, refused, max, images == 0 ? 0 : sum / ((double)images * a.Dimensions), worst);
    }
}
