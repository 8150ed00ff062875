using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>The files of a folder as images to import.</summary>
public static class ImageFolder
{
    /// <summary>
    /// Every file below a folder, in the order of paths. Hidden files are left out, links are not followed. Whether a file is an image is for
    /// the server to say: what is not is quarantined with a reason, so that nothing goes missing unseen.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="labelsFromFolders">Whether the name of a file's own folder is its class, decoded where an export encoded it.</param>
    /// <param name="partition">What the images are for.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static async IAsyncEnumerable<ImageToImport> EnumerateAsync(string folder, bool labelsFromFolders = false, Partition partition = Partition.Pool)
    {
        var root = new DirectoryInfo(folder);
        if (!root.Exists) throw new DirectoryNotFoundException($"There is no folder {root.FullName}.");
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.ReparsePoint | FileAttributes.System };
        foreach (var path in Directory.EnumerateFiles(root.FullName, "*", options).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(root.FullName, path).Replace(Path.DirectorySeparatorChar, '/');
            var slash = name.LastIndexOf('/');
            var label = labelsFromFolders && slash > 0 ? FolderName.ToClass(name[(name.LastIndexOf('/', slash - 1) + 1)..slash]) : null;
            yield return new ImageToImport(name, async ct => await File.ReadAllBytesAsync(path, ct), label, partition);
        }
        await Task.CompletedTask;
    }

    /// <summary>
    /// The classes whose folders stand in a folder, in the order of their names: every sub-folder that is not hidden. Names that an export
    /// encoded are decoded.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">
    /// A folder bears the shortened name of a class, and the file that holds the whole one is gone.
    /// </exception>
    public static IReadOnlyList<string> ReadClasses(string folder)
    {
        var root = new DirectoryInfo(folder);
        if (!root.Exists) throw new DirectoryNotFoundException($"There is no folder {root.FullName}.");
        return [.. root.EnumerateDirectories().Where(d => !FolderName.IsHidden(d.Name)).Select(ClassOf).Order(StringComparer.Ordinal)];
    }

    private static string ClassOf(DirectoryInfo folder)
    {
        if (!FolderName.IsCut(folder.Name)) return FolderName.ToClass(folder.Name);
        var file = Path.Combine(folder.FullName, FolderName.ClassFile);
        if (File.Exists(file)) return TextForm.Trimmed(File.ReadAllText(file));
        throw new InvalidDataException($"The folder {folder.FullName} bears a shortened class name, and {FolderName.ClassFile} in it, "
            + "which holds the whole name, is gone. Rename the folder.");
    }
}
