using Winnow.Inference.Images;

namespace Winnow.Inference.Scoring;

/// <summary>How far two backbones are apart.</summary>
/// <param name="Images">Images compared.</param>
/// <param name="MaxDifference">Largest absolute difference of one number.</param>
/// <param name="MeanDifference">Mean absolute difference.</param>
public sealed record ComparisonResult(int Images, double MaxDifference, double MeanDifference);

/// <summary>Runs two backbones on the same tensors.</summary>
public static class BackboneComparison
{
    /// <summary>Compares the embeddings of image files; those that do not decode are passed over.</summary>
    /// <exception cref="ArgumentException">The two give embeddings of different length.</exception>
    public static ComparisonResult Compare(Backbone first, Backbone second, ImageDecoder decoder, IEnumerable<string> files)
    {
        if (first.Dimensions != second.Dimensions) throw new ArgumentException($"The backbones give {first.Dimensions} and {second.Dimensions} numbers.", nameof(second));
        var tensor = new float[first.InputSize];
        var a = new float[first.Dimensions];
        var b = new float[first.Dimensions];
        double largest = 0, sum = 0;
        var images = 0;
        foreach (var file in files)
        {
            if (!decoder.TryDecode(System.IO.File.ReadAllBytes(file), tensor, first.File.Side, first.File.Normalisation, out _)) continue;
            first.Run(tensor, 1, a);
            second.Run(tensor, 1, b);
            images++;
            for (var i = 0; i < a.Length; i++)
            {
                var difference = Math.Abs(a[i] - b[i]);
                largest = Math.Max(largest, difference);
                sum += difference;
            }
        }
        return new ComparisonResult(images, largest, images == 0 ? 0 : sum / images / first.Dimensions);
    }
}
