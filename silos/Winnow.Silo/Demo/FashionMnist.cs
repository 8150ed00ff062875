using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using Winnow.Client;

namespace Winnow.Silo.Demo;

/// <summary>Images of 28 × 28 grey pixels with their class indices.</summary>
internal sealed record LabelledPixels(byte[] Pixels, byte[] Labels)
{
    public const int Side = 28;

    public int Count => Labels.Length;

    public ReadOnlyMemory<byte> Image(int index) => Pixels.AsMemory(index * Side * Side, Side * Side);
}

/// <summary>
/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017; MIT licence): 60,000 training and 10,000 test images of ten classes. Taken from Debian's
/// package <c>dataset-fashion-mnist</c> where it is installed or can be fetched, else from its publisher; checked by SHA-256 either way.
/// </summary>
internal sealed class FashionMnist(string cacheFolder, Action<string> say)
{
    public static readonly string[] Classes =
        ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle-boot"];

    private const string Package = "dataset-fashion-mnist";
    private const string InstalledFolder = "/usr/share/datasets/fashion-mnist";
    private const string Publisher = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/";
    private const long MaxFileBytes = 64L << 20;

    /// <summary>SHA-256 of the uncompressed IDX files: the packings of publisher and package differ, the content does not.</summary>
    private static readonly (string Name, string Sha256)[] Files =
    [
        ("train-images-idx3-ubyte", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        ("train-labels-idx1-ubyte", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        ("t10k-images-idx3-ubyte", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        ("t10k-labels-idx1-ubyte", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ];

    /// <summary>The training and the test part.</summary>
    /// <exception cref="DemoException">Neither source gives the files; the message says what to do.</exception>
    public async Task<(LabelledPixels Train, LabelledPixels Test)> LoadAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(cacheFolder, "fashion-mnist");
        Directory.CreateDirectory(folder);
        var missing = Files.Where(f => !IsIntact(Path.Combine(folder, f.Name), f.Sha256)).ToArray();
        if (missing.Length > 0) await ObtainAsync(folder, missing, cancellationToken);
        return (Read(folder, "train"), Read(folder, "t10k"));
    }

    private async Task ObtainAsync(string folder, (string Name, string Sha256)[] missing, CancellationToken cancellationToken)
    {
        var tried = new List<string>();
        foreach (var (what, source) in new (string, Func<Task<string?>>)[]
        {
            ($"the installed package in {InstalledFolder}",
                () => Task.FromResult(Directory.Exists(InstalledFolder) ? InstalledFolder : null)),
            ($"Debian's package {Package}", () => FromPackageAsync(folder, cancellationToken)),
            ($"the publisher at {Publisher}", () => FromPublisherAsync(folder, missing, cancellationToken)),
        })
        {
            try
            {
                if (await source() is { } found && Unpack(found, folder, missing))
                {
                    say($"Fashion-MNIST (MIT) from {what}");
                    return;
                }
                tried.Add($"{what}: not there, or not the expected content");
            }
            catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException
                or System.ComponentModel.Win32Exception or TimeoutException or TaskCanceledException
                && !cancellationToken.IsCancellationRequested)
            {
                tried.Add($"{what}: {e.Message}");
            }
        }
        throw new DemoException("Fashion-MNIST could not be had. Tried " + string.Join("; ", tried)
            + $". Install the package with 'apt-get install {Package}', or put the four .gz files of the publisher into {folder}.");
    }

    private static bool Unpack(string from, string folder, (string Name, string Sha256)[] missing)
    {
        foreach (var (name, sha256) in missing)
        {
            var packed = Path.Combine(from, name + ".gz");
            if (!File.Exists(packed)) return false;
            // A name of its own, and new: the folder may be one that others write to.
            var temporary = Path.Combine(folder, $".{name}.{Guid.NewGuid():N}");
            using (var source = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress))
            using (var target = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                var buffer = new byte[81920];
                long total = 0;
                for (int read; (read = source.Read(buffer)) > 0;)
                {
                    if ((total += read) > MaxFileBytes)
                        throw new InvalidDataException($"{packed} unpacks to more than {MaxFileBytes >> 20} MiB.");
                    target.Write(buffer, 0, read);
                }
            }
            if (!IsIntact(temporary, sha256))
            {
                File.Delete(temporary);
                return false;
            }
            File.Move(temporary, Path.Combine(folder, name), overwrite: true);
        }
        return true;
    }

    /// <summary>
    /// Fetches and unpacks the package without installing it, so no rights are needed beyond the package lists being there.
    /// </summary>
    private async Task<string?> FromPackageAsync(string folder, CancellationToken cancellationToken)
    {
        if (!File.Exists("/usr/bin/apt-get")) return null;
        // The package tools write what they like there.
        var work = Directory.CreateDirectory(Path.Combine(folder, $".package.{Guid.NewGuid():N}")).FullName;
        if (!await RunAsync("/usr/bin/apt-get", ["download", Package], work, cancellationToken))
        {
            // Fresh machines have no package lists yet.
            await RunAsync("/usr/bin/apt-get", ["-qq", "update"], work, cancellationToken);
            if (!await RunAsync("/usr/bin/apt-get", ["download", Package], work, cancellationToken)) return null;
        }
        var package = Directory.EnumerateFiles(work, Package + "_*.deb").FirstOrDefault();
        if (package is null || !await RunAsync("/usr/bin/dpkg-deb", ["-x", package, work], work, cancellationToken)) return null;
        return Path.Combine(work, InstalledFolder.TrimStart('/'));
    }

    private static async Task<bool> RunAsync(string program, string[] arguments, string folder, CancellationToken cancellationToken)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            })
            ?? throw new IOException($"{program} did not start.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            await Task.WhenAll(output, errors);
            return process.ExitCode == 0;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within two minutes.");
        }
    }

    private static async Task<string?> FromPublisherAsync(string folder, (string Name, string Sha256)[] missing,
        CancellationToken cancellationToken)
    {
        // The publisher has no https; the SHA-256 is what vouches for the content.
        using var http = new HttpClient
        {
            BaseAddress = new Uri(Publisher),
            Timeout = TimeSpan.FromMinutes(2),
            MaxResponseContentBufferSize = MaxFileBytes,
        };
        foreach (var (name, _) in missing)
        {
            var bytes = await http.GetByteArrayAsync(new Uri(name + ".gz", UriKind.Relative), cancellationToken);
            await WholeFile.WriteAsync(Path.Combine(folder, name + ".gz"), replace: true, bytes, cancellationToken);
        }
        return folder;
    }

    private static bool IsIntact(string path, string sha256)
    {
        if (!File.Exists(path)) return false;
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream)) == sha256;
    }

    private static LabelledPixels Read(string folder, string part)
    {
        var images = File.ReadAllBytes(Path.Combine(folder, part + "-images-idx3-ubyte"));
        var labels = File.ReadAllBytes(Path.Combine(folder, part + "-labels-idx1-ubyte"));
        var count = BinaryPrimitives.ReadInt32BigEndian(images.AsSpan(4));
        return new LabelledPixels(images[16..(16 + count * LabelledPixels.Side * LabelledPixels.Side)], labels[8..(8 + count)]);
    }
}

/// <summary>The demo cannot go on, for a reason that a person can mend.</summary>
internal sealed class DemoException(string message) : Exception(message);
