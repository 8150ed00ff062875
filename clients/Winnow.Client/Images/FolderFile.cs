namespace Winnow.Client;

/// <summary>
/// Reads files whole, or says in a sentence why not. A file that somebody writes to meanwhile is not taken for one: half of a picture
/// would be another picture.
/// </summary>
internal static class FolderFile
{
    private const string NotAllowed = "It may not be read: permission denied.";

    private const string Changed = "It changed while it was read. Import it again when nothing writes to it any more.";
    private const FileOptions AsItComes = FileOptions.Asynchronous | FileOptions.SequentialScan;

    /// <summary>Stands for bytes of a name that are no UTF-8.</summary>
    private const char Unknown = '\uFFFD';

    /// <exception cref="IOException">It cannot be read; the message is a sentence.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(FolderItem item, CancellationToken cancellationToken)
    {
        // Once more, as it may have become something else since it was listed: to open a pipe may take for ever.
        var facts = FileFacts.Of(item.Path);
        if (facts.Kind != FileKind.File) throw new IOException(Explain(facts.Kind, item.Path));
        // Where pipes are not told from files they have no bytes.
        if (facts.Size == 0) return item.Size == 0 ? ReadOnlyMemory<byte>.Empty : throw new IOException(Changed);
        try
        {
            using var file = File.OpenHandle(item.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, AsItComes);
            var (length, written) = (RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file));
            if (length > Array.MaxLength) throw new IOException($"It has {length} bytes, more than one image can have.");
            var bytes = new byte[length];
            var at = 0;
            for (int read; at < bytes.Length; at += read)
                if ((read = await RandomAccess.ReadAsync(file, bytes.AsMemory(at), at, cancellationToken)) == 0) break;
            var changed = at < length || RandomAccess.GetLength(file) != length || File.GetLastWriteTimeUtc(file) != written;
            return changed ? throw new IOException(Changed) : bytes;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException(Explain(e, item.Path), e);
        }
    }

    /// <summary>Why there is no file under a path at which one was looked for.</summary>
    public static string Explain(FileKind kind, string path) => kind switch
    {
        FileKind.Missing => NotThere(path),
        FileKind.Denied => NotAllowed,
        FileKind.Loop => "It is a link that leads back to itself.",
        _ => $"It is a {kind.ToString().ToLowerInvariant()}, not a file.",
    };

    /// <summary>What an exception means for whoever named the file.</summary>
    public static string Explain(Exception problem, string path) => problem switch
    {
        UnauthorizedAccessException => NotAllowed,
        FileNotFoundException or DirectoryNotFoundException => NotThere(path),
        _ => problem.Message,
    };

    /// <summary>Why a file whose name cannot be written cannot be read.</summary>
    public const string NotUtf8 =
        "Its name, or that of its folder, is not UTF-8, so it cannot be opened by it. Rename it, then import it again.";

    /// <summary>Why nothing stands under a path that was listed.</summary>
    private static string NotThere(string path) => path.Contains(Unknown) ? NotUtf8
        : "It was gone when it was to be read.";
}
