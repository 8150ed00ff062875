using System.Buffers;
using System.Formats.Tar;
using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Client;

/// <summary>Backups on this side: whether one is whole, without a server.</summary>
public static class BackupFile
{
    private const int Buffer = 1 << 17;

    /// <summary>Bytes of the last file, at most: it holds a few counts, and what is missing by name.</summary>
    private const int MostOfEnd = 8 << 20;

    /// <summary>Reads a backup from end to end and holds it against its hash.</summary>
    /// <exception cref="InvalidDataException">It is cut off or damaged, or no backup.</exception>
    public static async Task<BackupEnd> CheckAsync(string file, IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        await using var stream =
            new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, Buffer,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        return await CheckStreamAsync(stream, progress, cancellationToken);
    }

    /// <summary>Reads a backup from end to end and holds it against its hash.</summary>
    /// <exception cref="InvalidDataException">It is cut off or damaged, or no backup.</exception>
    public static async Task<BackupEnd> CheckStreamAsync(Stream backup, IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using var digest = new BackupDigest();
        await using var tar = new TarReader(backup, leaveOpen: true);
        var bytes = 0L;
        try
        {
            while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } file)
            {
                var content = file.DataStream ?? Stream.Null;
                if (digest.Files == 0 && file.Name != BackupHeader.FileName) throw new InvalidDataException("This is no backup of Winnow.");
                if (file.Name == BackupEnd.FileName)
                {
                    if (file.Length > MostOfEnd) throw new InvalidDataException("The backup is damaged: its end is larger than any.");
                    var end = await JsonSerializer.DeserializeAsync(content, ModelJson.Default.BackupEnd, cancellationToken)
                        ?? throw new InvalidDataException("The backup's end is empty.");
                    if (end.Check() is { } wrong) throw new InvalidDataException($"The backup is damaged: {wrong}");
                    if (end.Files != digest.Files || end.Sha256 != digest.Finish())
                        throw new InvalidDataException("The backup is damaged: its hash is not the one that stands at its end.");
                    if (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is not null
                        || !await ArchiveEnd.IsAllAsync(backup, cancellationToken))
                        throw new InvalidDataException("The backup goes on after its end.");
                    return end;
                }
                digest.Begin(file.Name, file.Length);
                await PiecesAsync(content, piece =>
                {
                    digest.Append(piece.Span);
                    progress?.Report(bytes += piece.Length);
                    return ValueTask.CompletedTask;
                }, cancellationToken);
            }
        }
        catch (Exception problem) when (
            problem is EndOfStreamException or JsonException or FormatException or NotSupportedException or InvalidOperationException)
        {
            throw new InvalidDataException($"The backup is cut off or damaged: {Said(problem)}", problem);
        }
        throw new InvalidDataException("The backup is cut off: its end is missing.");
    }

    private static string Said(Exception problem) => problem is JsonException ? JsonFaults.Describe(problem) : problem.Message;

    internal static async Task CopyAsync(Stream from, Stream to, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        await PiecesAsync(from, async piece =>
        {
            await to.WriteAsync(piece, cancellationToken);
            progress?.Report(bytes += piece.Length);
        }, cancellationToken);
    }

    internal static async Task PiecesAsync(Stream from, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Buffer);
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, cancellationToken)) > 0;) await take(buffer.AsMemory(0, read));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
