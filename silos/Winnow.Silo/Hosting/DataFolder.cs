namespace Winnow.Silo.Hosting;

/// <summary>The folder that a silo keeps everything in, or its copies and notes in a cluster.</summary>
internal static class DataFolder
{
    private const int ReadOnlyOnUnix = 30;

    /// <summary>Makes it where it is not there, and sees whether it can be written.</summary>
    /// <exception cref="InvalidOperationException">It cannot be had; the message says why and what to do.</exception>
    public static void Prepare(string folder)
    {
        string path;
        try
        {
            path = Path.GetFullPath(folder);
            if (File.Exists(path)) throw Cannot(path, "it is a file. Name a folder");
            Directory.CreateDirectory(path);
            // Nothing that lies there already is written to, nor what a link leads to.
            var probe = Path.Combine(path, $".start-{Guid.NewGuid():N}");
            using (var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
                // More than a page: the first fit into what is left of many a full disk.
                file.Write(new byte[64 << 10]);
                file.Flush(flushToDisk: true);
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw Cannot(Path.GetFullPath(folder),
                $"the user {Environment.UserName} may not write there. Give it the right, or name another folder", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw Cannot(folder, FileAbove(folder) is { } file ? $"{file} is a file and no folder" : Reason(e), e);
        }
    }

    /// <summary>Sees whether what stands in it is of the kind that the parts of a silo put there.</summary>
    /// <exception cref="InvalidOperationException">A folder stands where a file belongs, or a file where a folder does.</exception>
    public static void CheckContent(IEnumerable<string> files, IEnumerable<string> folders)
    {
        foreach (var path in files.Where(Directory.Exists))
            throw new InvalidOperationException(
                $"{path} is a folder, and the server keeps a file there. Move it away, or name another folder. See --Data.");
        foreach (var path in folders.Where(File.Exists))
            throw new InvalidOperationException(
                $"{path} is a file, and the server keeps a folder there. Move it away, or name another folder. See --Data.");
    }

    /// <summary>The file that stands where a path has a folder; null when there is none.</summary>
    public static string? FileAbove(string folder)
    {
        for (var path = folder; !string.IsNullOrEmpty(path); path = Path.GetDirectoryName(path))
            if (File.Exists(path)) return path;
        return null;
    }

    private static string Reason(Exception problem) => problem switch
    {
        _ when Adapters.FullDisk.Is(problem) => "its disk is full. Free some space there",
        { HResult: ReadOnlyOnUnix } => "its file system is read-only. Mount it for writing, or name another folder",
        _ => problem.Message.TrimEnd('.'),
    };

    private static InvalidOperationException Cannot(string path, string why, Exception? inner = null) =>
        new($"The data folder {path} cannot be used: {why}. See --Data.", inner);
}
