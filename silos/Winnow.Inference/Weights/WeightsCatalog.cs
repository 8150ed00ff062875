using Winnow.Inference.Backbones;
using Winnow.Inference.Images;

namespace Winnow.Inference.Weights;

/// <summary>What the weights file is, and so how it becomes an ONNX file.</summary>
public enum WeightsFormat
{
    /// <summary>Used as it is.</summary>
    Onnx,

    /// <summary>Converted by <see cref="MobileNetV3Small"/>.</summary>
    GgufMobileNetV3Small,
}

/// <summary>Weights that a registry package carries, pinned by version and content.</summary>
/// <param name="Name">By which a dataset names its backbone.</param>
/// <param name="Package">npm package.</param>
/// <param name="Version">Exact version of the package.</param>
/// <param name="Path">Path of the weights within the package.</param>
/// <param name="Sha256">Of that file, lower-case hex.</param>
/// <param name="Format">What the file is.</param>
/// <param name="Dimensions">Length of one embedding.</param>
/// <param name="Preprocessing">Of the input.</param>
/// <param name="Licence">SPDX expression.</param>
/// <param name="Notice">What has to be said about the weights when they are passed on.</param>
public sealed record WeightsEntry(
    string Name,
    string Package,
    string Version,
    string Path,
    string Sha256,
    WeightsFormat Format,
    int Dimensions,
    Preprocessing Preprocessing,
    string Licence,
    string Notice);

/// <summary>The weights that Winnow knows by name.</summary>
public static class WeightsCatalog
{
    /// <summary>The default backbone: 992 numbers per image, about half a millisecond on one core.</summary>
    public static readonly WeightsEntry MobileNetV3Small = new(
        "mobilenetv3-small",
        "@qvac/classification-ggml",
        "0.26.3",
        "weights/mobilenetv3_3class_v3_fp16.gguf",
        "faaa680c62f989d642032114c8892e9f43e9f2487ff7a350941715c7de9ffb6c",
        WeightsFormat.GgufMobileNetV3Small,
        Weights.MobileNetV3Small.Dimensions,
        new Preprocessing(160, Normalisation.ImageNet),
        "Apache-2.0",
        "Copyright 2026 Tether Operations Limited, Apache-2.0. A fine-tune of torchvision's MobileNetV3-Small: copyright Meta Platforms "
        + "and PyTorch contributors, BSD-3-Clause.");

    /// <summary>All entries; the first is the default.</summary>
    public static IReadOnlyList<WeightsEntry> Entries { get; } = [MobileNetV3Small];

    /// <summary>The entry of that name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists the names.</exception>
    public static WeightsEntry Find(string name) =>
        Entries.FirstOrDefault(e => string.Equals(e.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException(
            $"No weights are called \"{name}\". Known: {string.Join(", ", Entries.Select(e => e.Name))}; or give an ONNX file by path.",
            nameof(name));
}
