namespace Winnow.Model.Datasets;

/// <summary>What may stand behind the last file of a tar archive: zeros alone, as many as fill the last record.</summary>
public static class ArchiveEnd
{
    /// <summary>Bytes of a record of tar (POSIX.1, pax): writers fill the last one.</summary>
    public const int Record = 20 * 512;

    /// <summary>Reads a stream to its end. False if anything else comes, which is then not read any further.</summary>
    public static async Task<bool> IsAllAsync(Stream rest, CancellationToken cancellationToken)
    {
        var buffer = new byte[Record + 1];
        var read = await rest.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return read <= Record && !buffer.AsSpan(0, read).ContainsAnyExcept((byte)0);
    }
}
