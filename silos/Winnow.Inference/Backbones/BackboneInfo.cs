using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Images;

namespace Winnow.Inference.Backbones;

/// <summary>What a dataset records about its backbone.</summary>
/// <param name="Name">Such as "mobilenetv3-small".</param>
/// <param name="Dimensions">Length of one embedding.</param>
/// <param name="Side">Pixels of the square input.</param>
/// <param name="Sha256">Lower-case hex, of the weights file as published, or of the file in float16 that was made of it: two backbones with
/// the same value give the same embeddings.</param>
/// <param name="Licence">SPDX expression, or "unknown" for a file given by path.</param>
public sealed record BackboneInfo(string Name, int Dimensions, int Side, string Sha256, string Licence);

/// <summary>How pixels become the input of a backbone.</summary>
/// <param name="Side">Pixels of the square input; used where the model leaves its input size open.</param>
/// <param name="Normalisation">Of channel values.</param>
public sealed record Preprocessing(int Side, Normalisation Normalisation)
{
    /// <summary>160 × 160 pixels, ImageNet's mean and standard deviation.</summary>
    public static readonly Preprocessing Default = new(160, Normalisation.ImageNet);
}

/// <summary>A backbone on disk, ready to be loaded.</summary>
/// <param name="OnnxPath">The ONNX file.</param>
/// <param name="OutputName">The output that holds the embedding: [n, D], or [n, D, h, w], which is averaged over space.</param>
/// <param name="Info">What is recorded about it.</param>
/// <param name="Preprocessing">Of its input; <see cref="BackboneInfo.Side"/> is the side that is really used.</param>
/// <param name="Content">The ONNX file's bytes, where they could not be written; null: they are at <paramref name="OnnxPath"/>.</param>
public sealed record BackboneFile(string OnnxPath, string OutputName, BackboneInfo Info, Preprocessing Preprocessing,
    byte[]? Content = null)
{
    /// <summary>Loads it. The caller disposes the session.</summary>
    internal InferenceSession Open(SessionOptions options) =>
        Content is null ? new InferenceSession(OnnxPath, options) : new InferenceSession(Content, options);
}
