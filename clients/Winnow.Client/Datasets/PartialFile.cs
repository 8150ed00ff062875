namespace Winnow.Client;

/// <summary>What is written beside its place under another name, and gets its own when it is whole.</summary>
internal static class PartialFile
{
    /// <summary>Writes a file that appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether it may take the place of one that is there.</param>
    /// <param name="secret">Whether nobody but its owner may read it.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="check">Looks at what arrived on the disk before the file gets its name.</param>
    /// <exception cref="IOException">A file of that name is there and may not be replaced, or another process writes it now.</exception>
    public static async Task<T> WriteAsync<T>(string path, bool replace, bool secret, Func<Stream, Task> write, Func<string, Task<T>> check)
    {
        Check(path, replace);
        var full = Path.GetFullPath(path);
        var folder = FolderOf(full);
        using var staging = Stage(folder, full);
        await using (var file = Open(staging.Inside, secret))
        {
            await write(file);
            file.Flush(flushToDisk: true);
        }
        var result = await check(staging.Inside);
        Move(staging.Inside, path, replace);
        return result;
    }

    /// <summary>
    /// Refuses a place at which no file can appear: whatever stands there and is no file would be lost, and a link's target is written by
    /// nobody who puts a file in its place.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether it may take the place of one that is there.</param>
    /// <exception cref="IOException">Something else stands there, or a file that may not be replaced.</exception>
    public static void Check(string path, bool replace)
    {
        if (StagingFolder.IsLink(path))
            throw new IOException($"{path} is a link, and no file is written through one or takes its place. Name the file itself.");
        var kind = FileFacts.Of(path).Kind;
        if (kind == FileKind.Folder) throw new IOException($"{path} is a folder. Name a file.");
        if (kind is FileKind.Device or FileKind.Pipe or FileKind.Socket)
            throw new IOException($"{path} is a {kind.ToString().ToLowerInvariant()}, which no file takes the place of. Name a file.");
        if (!replace && File.Exists(path)) throw AlreadyThere(path);
        if (FolderOf(Path.GetFullPath(path)) is var folder && !Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder {folder}.");
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path) ?? path;

    private static StagingFolder Stage(string folder, string path)
    {
        try
        {
            return new StagingFolder(folder, Path.GetFileName(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw CannotBeMade(path, e);
        }
        catch (IOException e)
        {
            throw new IOException($"{path} cannot be written: {e.Message}", e);
        }
    }

    private static FileStream Open(string partial, bool secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (secret && !OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(partial, options);
    }

    private static void Move(string partial, string path, bool replace)
    {
        try
        {
            File.Move(partial, path, replace);
        }
        catch (IOException) when (!replace && File.Exists(path))
        {
            throw AlreadyThere(path);
        }
    }

    /// <summary>What to say of a place that takes no file or folder. The partial one's name says nothing to whoever named it.</summary>
    public static IOException CannotBeMade(string path, Exception problem)
    {
        var folder = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))) ?? path;
        var why = problem is UnauthorizedAccessException ? "may not be written" : "takes nothing new";
        return new IOException(
            $"{path} cannot be written: the folder {folder} {why}. Name another place, or give yourself the permission.", problem);
    }

    private static IOException AlreadyThere(string path) =>
        new($"{path} exists already and is not overwritten. Name another file, or say --replace.");
}
