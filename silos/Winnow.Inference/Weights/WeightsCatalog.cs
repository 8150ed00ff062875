using Winnow.Inference.Images;

namespace Winnow.Inference.Weights;

/// <summary>A backbone that a registry package carries.</summary>
/// <param name="Name">Its name in a dataset's settings.</param>
/// <param name="Package">npm package and exact version, <c>name@version</c>.</param>
/// <param name="PathInPackage">The weights within the package.</param>
/// <param name="Sha256">SHA-256 of the weights, lower-case hex.</param>
/// <param name="Licence">SPDX expression of the weights' licence.</param>
/// <param name="Notice">Who made them, in one sentence.</param>
/// <param name="Side">Pixels of the square that the backbone is fed.</param>
/// <param name="Convert">Turns the weights into an ONNX file.</param>
public sealed record WeightsEntry(string Name, string Package, string PathInPackage, string Sha256, string Licence, string Notice, int Side, Func<ReadOnlyMemory<byte>, byte[]> Convert);

/// <summary>The backbones that Winnow knows how to get. Any other ONNX file can be named by path or by address with its SHA-256.</summary>
public static class WeightsCatalog
{
    /// <summary>The default backbone.</summary>
    public static readonly WeightsEntry MobileNetV3Small = new(
        "mobilenetv3-small",
        "@qvac/classification-ggml@0.26.3",
        "package/weights/mobilenetv3_3class_v3_fp16.gguf",
        "faaa680c62f989d642032114c8892e9f43e9f2487ff7a350941715c7de9ffb6c",
        "Apache-2.0",
        "A 3-class fine-tune of torchvision's MobileNetV3-Small (BSD-3-Clause), published by Tether Operations Limited under Apache-2.0.",
        160,
        static bytes => Weights.MobileNetV3Small.ToOnnx(GgufFile.Read(bytes.Span), "Apache-2.0"));

    /// <summary>Every entry.</summary>
    public static IReadOnlyList<WeightsEntry> All { get; } = [MobileNetV3Small];

    /// <summary>An entry by name; null when it is not known.</summary>
    public static WeightsEntry? Find(string name) => All.FirstOrDefault(e => e.Name == name);
}

/// <summary>A backbone ready to be loaded.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">An ONNX file.</param>
/// <param name="Sha256">SHA-256 of that file, lower-case hex.</param>
/// <param name="Side">Pixels of the square that it is fed.</param>
/// <param name="Normalisation">How it wants its pixels.</param>
/// <param name="Licence">Its licence, or how it came here.</param>
public sealed record BackboneFile(string Name, string Path, string Sha256, int Side, Normalisation Normalisation, string Licence);
