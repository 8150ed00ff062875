namespace Winnow.Grains.Columns;

/// <summary>
/// How embeddings are named: by their backbone, followed by what the devices computed in where that is not float32. Vectors of two versions
/// are never compared. Pure.
/// </summary>
public static class EmbeddingVersion
{
    private const string Usual = "Float32";

    // What a version may end with. Any word would make 'resnet-18' one of 'resnet'.
    private static readonly string[] Suffixes = ["-float16"];

    /// <summary>The version that a backbone makes in a precision.</summary>
    public static string Of(string backbone, string precision) =>
        precision == Usual ? backbone : $"{backbone}-{precision.ToLowerInvariant()}";

    /// <summary>Whether a version is a backbone's, in whichever precision.</summary>
    public static bool IsOf(string version, string backbone) =>
        version.StartsWith(backbone, StringComparison.Ordinal)
        && (version.Length == backbone.Length || Suffixes.Contains(version[backbone.Length..], StringComparer.Ordinal));

    /// <summary>Every version that a backbone can have made.</summary>
    public static IEnumerable<string> AllOf(string backbone) => Suffixes.Select(s => backbone + s).Prepend(backbone);

    /// <summary>Whether versions of two backbones could be taken for each other.</summary>
    public static bool Clash(string one, string other) => IsOf(one, other) || IsOf(other, one);
}
