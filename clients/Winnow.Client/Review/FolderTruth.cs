using Winnow.Model.Names;
using Winnow.Model.Review;

namespace Winnow.Client;

/// <summary>Known labels from the folders in which images lay: each image's own folder is its class.</summary>
public static class FolderTruth
{
    /// <summary>
    /// The class that a task's folder names, decoded where an export encoded it; null where the image lay in no folder, or in a hidden one.
    /// </summary>
    public static string? ClassOf(ReviewTask task) => ClassOf(task.Name);

    internal static string? ClassOf(string name)
    {
        var parts = name.Split('/');
        if (parts.Length < 2 || ImageName.Given(parts[^2]) is not { } folder || FolderName.IsHidden(folder)) return null;
        return FolderName.ToClass(folder);
    }
}
