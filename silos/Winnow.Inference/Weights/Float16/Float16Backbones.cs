using System.Security.Cryptography;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights.Float16;

/// <summary>
/// The float16 forms of backbones, each made once and kept beside the weights: <c>float16-SOURCE-n-CONTENT.onnx</c>, with the first 16 hex
/// digits of the SHA-256 of the ONNX file that it was made from and of its own.
/// </summary>
/// <param name="folder">Folder of the weights; null for <see cref="WeightsCache.DefaultFolder"/>.</param>
public sealed class Float16Backbones(string? folder = null)
{
    /// <summary>Part of the file's name: a changed conversion makes the files anew.</summary>
    private const string Conversion = "1";

    private readonly string _folder = Path.GetFullPath(folder ?? WeightsCache.DefaultFolder());

    /// <summary>
    /// The float16 form of a backbone: from the folder, or made and put there. Where nothing can be written it is kept in memory.
    /// </summary>
    /// <param name="source">A backbone in float32. Its own file stays as it is.</param>
    /// <returns>The same input and output, with the SHA-256 of the file that computes, since it gives other embeddings.</returns>
    /// <exception cref="WeightsUnavailableException">The graph cannot be converted; the message says why.</exception>
    public BackboneFile Convert(BackboneFile source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var onnx = File.ReadAllBytes(source.OnnxPath);
        var prefix = $"float16-{Hash(onnx)[..16]}-{Conversion}-";
        if (Kept(prefix) is { } kept)
            return source with { OnnxPath = kept.Path, Info = source.Info with { Sha256 = kept.Hash } };
        byte[] half;
        try
        {
            half = Float16Converter.Convert(onnx);
        }
        catch (WeightsUnavailableException refused)
        {
            throw new WeightsUnavailableException($"{source.OnnxPath} cannot be turned into float16: {refused.Message}", refused);
        }
        var hash = Hash(half);
        var info = source.Info with { Sha256 = hash };
        var path = Path.Combine(_folder, $"{prefix}{hash[..16]}.onnx");
        return TryWrite(path, half) ? source with { OnnxPath = path, Info = info } : source with { Info = info, Content = half };
    }

    /// <summary>A file that is there already and whole. A damaged one has another hash than its name says, and is made again.</summary>
    private (string Path, string Hash)? Kept(string prefix)
    {
        if (!Directory.Exists(_folder))
            return null;
        foreach (var path in Directory.EnumerateFiles(_folder, prefix + "*.onnx"))
        {
            var hash = FileHash.Of(path);
            if (Path.GetFileName(path) == $"{prefix}{hash[..16]}.onnx")
                return (path, hash);
        }
        return null;
    }

    /// <summary>Puts the file in place by one rename, so that silos that share the folder do not see each other's halves.</summary>
    private bool TryWrite(string path, byte[] bytes)
    {
        var part = Path.Combine(_folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(_folder);
            using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }
            File.Move(part, path, overwrite: true);
            return true;
        }
        // Images bring their weights in a folder that nobody may write to.
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            Remove(part);
            return false;
        }
    }

    private static void Remove(string part)
    {
        try
        {
            File.Delete(part);
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            // It was never made.
        }
    }

    private static string Hash(byte[] bytes) => System.Convert.ToHexStringLower(SHA256.HashData(bytes));
}
