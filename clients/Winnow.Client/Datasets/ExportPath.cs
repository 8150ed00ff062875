using Winnow.Model.Datasets;

namespace Winnow.Client;

/// <summary>
/// Paths of files within the folder of an export, with slashes. A server is trusted with images, and a list that lies in a folder with
/// saying what an export wrote there, but neither with other files: whatever is written, moved or removed is called as exports call files
/// (<see cref="ExportNames"/>).
/// </summary>
internal static class ExportPath
{
    /// <summary>The first link on the way to a file, the file itself among them; null when there is none.</summary>
    public static string? LinkOnTheWay(string folder, string path)
    {
        for (var at = path.IndexOf('/'); at > 0; at = path.IndexOf('/', at + 1))
            if (StagingFolder.IsLink(At(folder, path[..at]))) return path[..at];
        return StagingFolder.IsLink(At(folder, path)) ? path : null;
    }

    /// <summary>Where a file stands.</summary>
    public static string At(string folder, string path) => Path.Combine(folder, path.Replace('/', Path.DirectorySeparatorChar));
}
