using System.Formats.Tar;
using System.Runtime.InteropServices;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Backup;

/// <summary>
/// Writes the files of a backup as a tar stream, and the hash over all of them on the way. Plain ustar with short names, which every tar
/// reads.
/// </summary>
internal sealed class BackupTarWriter(Stream destination, DateTimeOffset time) : IAsyncDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TarWriter _tar = new(destination, TarEntryFormat.Ustar, leaveOpen: true);
    private readonly BackupDigest _digest = new();

    /// <summary>Files so far.</summary>
    public long Files => _digest.Files;

    public Task AddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        _digest.Begin(name, content.Length);
        _digest.Append(content.Span);
        return WriteAsync(name, content, cancellationToken);
    }

    /// <summary>The hash of what was added. Call it once, before <see cref="EndAsync"/>.</summary>
    public string Finish() => _digest.Finish();

    /// <summary>Adds the last file, which stands outside the hash that it holds.</summary>
    public Task EndAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        WriteAsync(BackupEnd.FileName, content, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _tar.DisposeAsync().ConfigureAwait(false);
        _digest.Dispose();
    }

    private async Task WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var bytes = MemoryMarshal.TryGetArray(content, out var array) ? array : new ArraySegment<byte>(content.ToArray());
        var entry = new UstarTarEntry(TarEntryType.RegularFile, name)
        {
            ModificationTime = time,
            Mode = Mode,
            DataStream = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false),
        };
        await _tar.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
    }
}
