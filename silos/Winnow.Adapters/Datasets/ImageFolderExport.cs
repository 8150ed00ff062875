using System.Formats.Tar;
using Winnow.Model.Images;

namespace Winnow.Adapters.Datasets;

/// <summary>
/// A folder per class as ImageNet has it, <c>train/CLASS/ID.EXT</c> and <c>holdout/CLASS/ID.EXT</c>, as a tar stream (POSIX.1-2001). Images
/// without a label are left out; the audit sample is in <c>audit/</c>, since it must not be trained on.
/// </summary>
public sealed class ImageFolderExport : IExportFormat
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public string Name => "imagenet";

    public async Task WriteAsync(ExportSource source, Stream destination, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(destination, TarEntryFormat.Ustar, leaveOpen: true);
        await foreach (var row in source.Rows.WithCancellation(cancellationToken))
        {
            if (row.Label is null) continue;
            var content = await source.Content(row, cancellationToken);
            var folder = row.Partition == Partition.Holdout ? "holdout" : row.Audit ? "audit" : "train";
            var entry = new UstarTarEntry(TarEntryType.RegularFile, $"{folder}/{row.Label}/{row.Id}{ExtensionOf(content.Span)}")
            {
                DataStream = new MemoryStream(content.ToArray(), writable: false),
                // Equal versions give equal bytes: the time is no part of them.
                ModificationTime = DateTimeOffset.UnixEpoch,
                Mode = Mode,
                Uid = 0,
                Gid = 0,
            };
            await tar.WriteEntryAsync(entry, cancellationToken);
        }
    }

    /// <summary>By content: the name an image came under may lie.</summary>
    private static string ExtensionOf(ReadOnlySpan<byte> content) => content switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => ".png",
        [0xFF, 0xD8, ..] => ".jpg",
        [(byte)'G', (byte)'I', (byte)'F', ..] => ".gif",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ".webp",
        [(byte)'B', (byte)'M', ..] => ".bmp",
        _ => ".bin",
    };
}
