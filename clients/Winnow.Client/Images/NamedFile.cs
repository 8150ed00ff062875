namespace Winnow.Client;

/// <summary>
/// Files that somebody names to be read. A pipe is read as it comes, as a shell's <c>&lt;(...)</c> is; a device never ends, and a
/// folder or a socket holds no text.
/// </summary>
internal static class NamedFile
{
    private const int Buffer = 1 << 16;

    /// <summary>Opens what is a file, or a pipe; nothing else is opened.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it is to be, such as <c>label file</c>.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static FileStream Open(string path, string what)
    {
        Check(path, what, FileKind.Pipe);
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, Buffer,
            FileOptions.Asynchronous | FileOptions.SequentialScan);
    }

    /// <summary>Refuses what is no file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it is to be.</param>
    /// <param name="or">What else it may be.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static void Check(string path, string what, FileKind or = FileKind.File)
    {
        var kind = FileFacts.Of(path).Kind;
        if (kind == FileKind.File || kind == or) return;
        if (kind == FileKind.Missing) throw new FileNotFoundException($"There is no file {path}.", path);
        throw new InvalidDataException($"{path} is no {what}. {FolderFile.Explain(kind, path)} "
            + (or == FileKind.Pipe ? "Name a file, or a pipe that ends." : "Name a file."));
    }

    /// <summary>All that it holds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it is to be.</param>
    /// <param name="most">Bytes that it may have: all of them are held in memory.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">It is no file, or a larger one.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(string path, string what, int most, CancellationToken cancellationToken)
    {
        await using var file = Open(path, what);
        var known = file.CanSeek ? file.Length : 0;
        if (known > most) throw TooLarge();
        var content = new MemoryStream((int)known);
        var buffer = new byte[Buffer];
        for (int read; (read = await file.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (content.Length + read > most) throw TooLarge();
            content.Write(buffer, 0, read);
        }
        return content.GetBuffer().AsMemory(0, (int)content.Length);

        InvalidDataException TooLarge() =>
            new($"{path} has more than {(most < 1 << 20 ? $"{most} bytes" : $"{most >> 20} MiB")}, more than a {what} may have. "
                + "Give it in parts.");
    }
}
