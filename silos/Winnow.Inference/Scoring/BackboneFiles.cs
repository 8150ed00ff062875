using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Scoring;

/// <summary>Backbones from any ONNX file.</summary>
public static class BackboneFiles
{
    /// <summary>
    /// Reads and tries an ONNX file: its input [n, 3, h, w] gives the side (or <paramref name="preprocessing"/>, where the file leaves it
    /// open), a run on a blank image gives the dimensions. An output [n, D, h, w] is averaged over space.
    /// </summary>
    /// <param name="path">The ONNX file.</param>
    /// <param name="sha256">Hex; null takes the file as it is. Given, another content is refused.</param>
    /// <param name="preprocessing">Of its input.</param>
    /// <param name="outputName">The output to use; null takes "embedding" where there is one, or else the only output.</param>
    /// <exception cref="WeightsUnavailableException">The file is missing, has another hash, does not load, or has no fitting input or
    /// output.</exception>
    public static BackboneFile FromOnnx(string path, string? sha256, Preprocessing preprocessing, string? outputName = null)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        if (!File.Exists(path))
            throw new WeightsUnavailableException($"There is no file {Path.GetFullPath(path)}.");
        var hash = FileHash.Of(path);
        if (sha256 is not null && FileHash.Normal(sha256) != hash)
            throw new WeightsUnavailableException($"{path} has SHA-256 {hash} and {FileHash.Normal(sha256)} was given.");
        try
        {
            using var options = Device.Cpu.CreateSessionOptions();
            using var session = new InferenceSession(path, options);
            var output = ChooseOutput(session, path, outputName);
            using var runner = BackboneRunner.Open(session, output, preprocessing.Side, 1);
            var info = new BackboneInfo(Path.GetFileNameWithoutExtension(path), runner.Dimensions, runner.Side, hash, "unknown");
            return new BackboneFile(Path.GetFullPath(path), output, info, preprocessing with { Side = runner.Side });
        }
        catch (OnnxRuntimeException broken)
        {
            throw new WeightsUnavailableException($"{path} cannot be used as a backbone: {broken.Message}", broken);
        }
    }

    private static string ChooseOutput(InferenceSession session, string path, string? wanted)
    {
        var names = session.OutputNames;
        if (wanted is null && names.Contains("embedding"))
            return "embedding";
        if (wanted is null && names.Count == 1)
            return names[0];
        return wanted is not null && names.Contains(wanted)
            ? wanted
            : throw new WeightsUnavailableException(
            $"{path} has the outputs {string.Join(", ", names)}; name the one that is the embedding.");
    }
}
