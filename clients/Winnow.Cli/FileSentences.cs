namespace Winnow.Cli;

/// <summary>
/// What the class library says of files, as sentences that say what to do. Whatever the client says of them itself stays as it is.
/// </summary>
internal static class FileSentences
{
    /// <summary>The sentence; null where the problem is not the class library's, or says enough.</summary>
    public static string? Of(Exception problem)
    {
        if (PathIn(problem.Message) is not { } path) return null;
        return problem switch
        {
            UnauthorizedAccessException when Says(problem, "Access to the path") => NotAllowed(path),
            FileNotFoundException when Says(problem, "Could not find file") => NotThere(path),
            DirectoryNotFoundException when Says(problem, "Could not find a part of the path") => NotThere(path),
            _ => null,
        };
    }

    /// <summary>
    /// What to say where the folder is gone in which the command was started: every path that is not whole leads nowhere then. Null where
    /// it is there.
    /// </summary>
    public static string? OfLostFolder()
    {
        try
        {
            Directory.GetCurrentDirectory();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "The folder in which winnow was started is not there any more, or may not be read. Change into another one (cd), "
                + "and run the command again.";
        }
    }

    private static string NotAllowed(string path) => Directory.Exists(path)
        ? $"{path} is a folder, or one that may not be changed. Name a file where one is wanted, or give yourself the permission."
        : $"{path} may not be read or written: permission denied. Give yourself the permission, or name another place.";

    private static string NotThere(string path)
    {
        if (Directory.Exists(path)) return $"{path} is a folder. Name a file.";
        for (var at = Path.GetDirectoryName(path); at is { Length: > 0 }; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(at)) return $"{at} is a file, so there is nothing below it: {path}. Correct the path.";
            if (Directory.Exists(at)) break;
        }
        return Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.Exists(folder)
            ? $"There is no folder {folder}. Make it, or correct the path."
            : $"There is no file {path}, and none can be made there. Correct the path.";
    }

    private static bool Says(Exception problem, string words) => problem.Message.StartsWith(words, StringComparison.Ordinal);

    private static string? PathIn(string message)
    {
        var (from, to) = (message.IndexOf('\'', StringComparison.Ordinal), message.LastIndexOf('\''));
        return to > from + 1 ? message[(from + 1)..to] : null;
    }
}
