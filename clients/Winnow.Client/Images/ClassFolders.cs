using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>
/// The sub-folders of a folder as classes. It leaves out what an import leaves out: hidden folders, links to folders, and names that are
/// not UTF-8; so each class is one whose images can come.
/// </summary>
/// <param name="Classes">The classes, in the order of their names. Names that an export encoded are decoded.</param>
/// <param name="LeftOut">Folders that are no classes, each with the reason.</param>
internal sealed record ClassFolders(IReadOnlyList<string> Classes, IReadOnlyList<(string Name, string Why)> LeftOut)
{
    /// <summary>Bytes of a file that holds the name of a class.</summary>
    private const int MostOfName = 64 << 10;

    private static readonly EnumerationOptions All = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="InvalidDataException">A folder bears the shortened name of a class, and the whole one cannot be read.</exception>
    public static ClassFolders Of(string folder)
    {
        if (FolderWalk.Refuse(folder) is { } wrong) throw new DirectoryNotFoundException(wrong);
        if (ExportedFolder.PartitionsOf(folder) is { Count: > 0 } partitions)
        {
            var found = partitions.Select(In).ToArray();
            string[] all = [.. found.SelectMany(f => f.Classes).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return new ClassFolders(all, [.. found.SelectMany(f => f.LeftOut)]);
        }
        return In(folder);
    }

    private static ClassFolders In(string folder)
    {
        var (classes, leftOut) = (new List<string>(), new List<(string, string)>());
        try
        {
            foreach (var found in new DirectoryInfo(folder).EnumerateDirectories("*", All))
            {
                if (WhyNot(found) is { } why) leftOut.Add((found.Name, why));
                else classes.Add(ClassOf(found));
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException($"The folder {folder} cannot be read. {FolderFile.Explain(e, folder)}", e);
        }
        classes.Sort(StringComparer.Ordinal);
        leftOut.Sort(static (a, b) => string.CompareOrdinal(a.Item1, b.Item1));
        return new ClassFolders(classes, leftOut);
    }

    private static string? WhyNot(DirectoryInfo folder)
    {
        if (FolderName.IsHidden(folder.Name)) return "it is hidden";
        if (folder.LinkTarget is { } target)
            return $"it is a link to {target}, and an import does not follow links to folders unless asked to";
        return FileFacts.Of(folder.FullName).Kind == FileKind.Missing ? "its name is not UTF-8; rename it" : null;
    }

    private static string ClassOf(DirectoryInfo folder)
    {
        if (!FolderName.IsCut(folder.Name)) return FolderName.ToClass(folder.Name);
        var whole = Path.Combine(folder.FullName, FolderName.ClassFile);
        try
        {
            // Not a pipe or a device, whoever laid it there.
            if (FileFacts.Of(whole) is { Kind: not (FileKind.File or FileKind.Missing) } or { Size: > MostOfName })
                throw new IOException("It holds no name.");
            return TextForm.Trimmed(File.ReadAllText(whole));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"The folder {folder.FullName} bears a shortened class name, and {FolderName.ClassFile} in it, "
                + $"which holds the whole name, {(e is FileNotFoundException ? "is gone" : "cannot be read")}. Rename the folder.", e);
        }
    }
}
