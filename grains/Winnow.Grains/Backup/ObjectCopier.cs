using System.Security.Cryptography;
using System.Text.Json;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Backup;

/// <summary>
/// Copies objects into a backup. What the store does not hold, holds damaged or cannot give is counted, named and left out: the rest must
/// not be lost with it.
/// </summary>
internal sealed class ObjectCopier(IObjectStore objects, BackupTarWriter tar, BackupTally tally)
{
    private const int ReadsAhead = 8;

    /// <summary>The bytes of images, in the order of their rows, read a few ahead.</summary>
    public async Task WriteImagesAsync(ContentPass pass, IReadOnlyList<ImageLine> rows, CancellationToken cancellationToken)
    {
        var ahead = new Queue<Task<(ReadOnlyMemory<byte> Bytes, StoredFault? Fault)>>();
        var next = 0;
        foreach (var row in rows)
        {
            for (; next < rows.Count && ahead.Count < ReadsAhead; next++)
                ahead.Enqueue(StoredImage.ReadAsync(objects, pass, rows[next].Id, cancellationToken));
            var (bytes, fault) = await ahead.Dequeue().ConfigureAwait(false);
            if (fault is not null)
            {
                tally.Lost(row.Id.ToString(), fault.Reason);
                continue;
            }
            await tar.AddAsync(BackupFiles.Image(row.Id), bytes, cancellationToken).ConfigureAwait(false);
            tally.Stored(bytes.Length);
        }
    }

    /// <summary>All other objects, in parts of bounded size, and after them the list of all.</summary>
    /// <param name="keys">The objects.</param>
    /// <param name="place">Where they stand.</param>
    /// <param name="isNamed">Whether an object that is not there is named still, and so lost.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WriteObjectsAsync(IReadOnlyList<string> keys, DatasetPlace place, Func<string, Task<bool>> isNamed,
        CancellationToken cancellationToken)
    {
        using var list = new MemoryStream();
        var buffer = new byte[BackupFiles.PartBytes];
        for (var i = 0; i < keys.Count; i++)
        {
            var (source, problem) = await OpenAsync(keys[i], cancellationToken).ConfigureAwait(false);
            if (source is null)
            {
                if (await isNamed(keys[i]).ConfigureAwait(false)) tally.Lost(place.Relative(keys[i]), problem);
                continue;
            }
            await using (source.ConfigureAwait(false))
            {
                var (line, fault) = await WriteObjectAsync(i, place.Relative(keys[i]), source, buffer, cancellationToken)
                    .ConfigureAwait(false);
                if (fault is not null) tally.Lost(place.Relative(keys[i]), fault);
                JsonSerializer.Serialize(list, line, BackupJson.Default.ObjectLine);
                list.WriteByte((byte)'\n');
                tally.Stored(line.Bytes);
            }
        }
        await tar.AddAsync(BackupFiles.ObjectList, list.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    private async Task<(Stream? Stream, string Problem)> OpenAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return (await objects.OpenReadAsync(key, cancellationToken).ConfigureAwait(false), "not in the object store");
        }
        catch (ObjectUnreadableException refused)
        {
            return (null, $"it cannot be read: {refused.Message}");
        }
    }

    /// <summary>
    /// One object in parts. What cannot be read to its end stands in the backup as far as it went, and counts as missing: whoever restores
    /// it finds that it is not whole.
    /// </summary>
    private async Task<(ObjectLine Line, string? Fault)> WriteObjectAsync(
        int number, string name, Stream source, byte[] buffer, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await tar.AddAsync(BackupFiles.ObjectName(number),
            JsonSerializer.SerializeToUtf8Bytes(new ObjectName(name), BackupJson.Default.ObjectName), cancellationToken)
            .ConfigureAwait(false);
        var (bytes, fault) = (0L, (string?)null);
        for (var part = 0; ; part++)
        {
            int read;
            try
            {
                read = await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (ObjectUnreadableException refused)
            {
                fault = $"it cannot be read to its end: {refused.Message}";
                break;
            }
            if (read == 0 && part > 0) break;
            hash.AppendData(buffer.AsSpan(0, read));
            await tar.AddAsync(BackupFiles.ObjectPart(number, part), buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            bytes += read;
            if (read < buffer.Length) break;
        }
        return (new ObjectLine(name, bytes, Convert.ToHexStringLower(hash.GetHashAndReset())), fault);
    }
}
