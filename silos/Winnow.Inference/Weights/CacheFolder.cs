using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights;

/// <summary>Where weights are kept, for whichever user this is.</summary>
internal static class CacheFolder
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const string Instead = "Set WINNOW_CACHE to a folder that can be written.";

    /// <summary>The folder.</summary>
    /// <param name="environment">The variables.</param>
    /// <param name="home">The user's own folder; empty, or the root, for one who has none.</param>
    /// <param name="temporary">The folder for what need not stay.</param>
    /// <exception cref="WeightsUnavailableException">There is no home, and the folder below the temporary one is another
    /// user's.</exception>
    public static string Choose(Func<string, string?> environment, string home, string temporary)
    {
        if (environment("WINNOW_CACHE") is { Length: > 0 } chosen)
            return chosen;
        if (environment("XDG_CACHE_HOME") is { Length: > 0 } caches)
            return Path.Combine(caches, "winnow");
        return IsHome(home) ? Path.Combine(home, ".cache", "winnow") : OwnFolderIn(temporary);
    }

    /// <summary>Whether it is a folder of the user's own: one without an entry in the list of users is given none, or the root.</summary>
    public static bool IsHome(string home) => home.Length > 0 && Path.GetPathRoot(home) != home;

    /// <summary>Makes a folder.</summary>
    /// <exception cref="WeightsUnavailableException">It cannot be made; the message says how to choose another.</exception>
    public static string Make(string folder)
    {
        try
        {
            return Directory.CreateDirectory(folder).FullName;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new WeightsUnavailableException($"Weights cannot be kept in {folder}: {problem.Message} {Instead}", problem);
        }
    }

    /// <summary>Everybody may write into the temporary folder, and whoever could change the weights would choose what is learned.</summary>
    private static string OwnFolderIn(string temporary)
    {
        var folder = Path.Combine(temporary, "winnow-cache");
        try
        {
            if (OperatingSystem.IsWindows())
                return Directory.CreateDirectory(folder).FullName;
            if (!Directory.Exists(folder))
                Directory.CreateDirectory(folder, Private);
            var there = new DirectoryInfo(folder);
            if (there.LinkTarget is not null || there.UnixFileMode != Private)
                throw new UnauthorizedAccessException("it is open to others.");
            // One that another user closed to all others cannot be listed.
            _ = Directory.GetFileSystemEntries(folder);
            return folder;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            var why = $"This user has no home to keep weights in, and {folder} cannot be used: {problem.Message}";
            throw new WeightsUnavailableException($"{why} {Instead}", problem);
        }
    }
}
