using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>How the files of a folder become images.</summary>
public sealed record ImageFolderOptions
{
    /// <summary>Whether the name of a file's own folder is its class. Default false.</summary>
    public bool LabelsFromFolders { get; init; }

    /// <summary>What the images are for. Default the pool.</summary>
    public Partition Partition { get; init; }

    /// <summary>Whether links to folders are followed as those to files are. A loop of them ends. Default false.</summary>
    public bool FollowFolderLinks { get; init; }

    /// <summary>A file that is none of the images, such as a report that is being written. Default none.</summary>
    public string? Except { get; init; }
}

/// <summary>
/// What a walk through a folder met besides the files that it gave. Filled as the walk goes on; to be read when it is over.
/// </summary>
public sealed class ImageFolderReport
{
    internal const int MostSamples = 10;

    private readonly List<string> _hidden = [];
    private readonly List<string> _withoutFolder = [];

    /// <summary>Links to files that were followed.</summary>
    public long FileLinks { get; internal set; }

    /// <summary>Links to folders that were followed.</summary>
    public long FolderLinks { get; internal set; }

    /// <summary>Links to folders that are read anyway, so that nothing is missing because they were not followed.</summary>
    public long NeedlessLinks { get; internal set; }

    /// <summary>Hidden files and folders, which are passed over.</summary>
    public long Hidden { get; private set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<string> HiddenSamples => _hidden;

    /// <summary>
    /// Files that lie in the folder itself, where the folders of files were to be their classes: they are given without a label.
    /// </summary>
    public long WithoutFolder { get; private set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<string> WithoutFolderSamples => _withoutFolder;

    internal void AddWithoutFolder(string name)
    {
        WithoutFolder++;
        if (_withoutFolder.Count < MostSamples) _withoutFolder.Add(name);
    }

    internal void AddHidden(string name)
    {
        Hidden++;
        if (_hidden.Count < MostSamples) _hidden.Add(name);
    }
}

/// <summary>The files of a folder as images to import.</summary>
public static class ImageFolder
{
    /// <summary>Every file below a folder, in the order of paths.</summary>
    /// <inheritdoc cref="EnumerateAsync(string, ImageFolderOptions, ImageFolderReport?)"/>
    /// <param name="folder">The folder.</param>
    /// <param name="labelsFromFolders">Whether the name of a file's own folder is its class, decoded where an export encoded it.</param>
    /// <param name="partition">What the images are for.</param>
    public static IAsyncEnumerable<ImageToImport> EnumerateAsync(
        string folder, bool labelsFromFolders = false, Partition partition = Partition.Pool) =>
        EnumerateAsync(folder, new ImageFolderOptions { LabelsFromFolders = labelsFromFolders, Partition = partition });

    /// <summary>
    /// Every file below a folder, in the order of paths. Links to files are followed, hidden files and folders are passed over. Whatever
    /// cannot be read (a file or folder without permission, a pipe, a broken link, a name that is not UTF-8) is given too, and says why
    /// when it is read: nothing goes missing unseen, and nothing is in the way of the rest. So is an image that an export
    /// holds for the other partition. Whether a file is an image is for the server to say.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How its files become images.</param>
    /// <param name="report">Told of what was met besides; may be null.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it is a file.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder itself may not be read.</exception>
    /// <exception cref="InvalidDataException">It is an export that has a holdout beside what is learned from.</exception>
    public static async IAsyncEnumerable<ImageToImport> EnumerateAsync(
        string folder, ImageFolderOptions options, ImageFolderReport? report = null)
    {
        report ??= new ImageFolderReport();
        if (ExportedFolder.Refuse(folder) is { } mixed) throw new InvalidDataException(mixed);
        foreach (var item in new FolderWalk(folder, options, report).Run())
        {
            var label = options.LabelsFromFolders ? FolderOf(item.Name) : null;
            if (options.LabelsFromFolders && label is null && item.Problem is null) report.AddWithoutFolder(item.Name);
            yield return item.Problem is { } problem
                ? new ImageToImport(item.Name, _ => throw new IOException(problem), label, options.Partition)
                : new ImageToImport(item.Name, ct => FolderFile.ReadAsync(item, ct), label, options.Partition) { Size = item.Size };
        }
        await Task.CompletedTask;
    }

    /// <summary>
    /// Why a folder cannot be read, as a sentence: there is none, it is a file, or an export that has a holdout. Null where it can.
    /// </summary>
    public static string? Check(string folder) => FolderWalk.Refuse(folder) ?? ExportedFolder.Refuse(folder);

    /// <summary>
    /// Looks whether any file lies in the folder of a class, without opening one: the name of a file that does not, where there is none
    /// that does. Null where there is one, and where there is no file.
    /// </summary>
    internal static string? FindUnclassed(string folder, ImageFolderOptions options, ClassIndex classes)
    {
        string? other = null;
        foreach (var item in new FolderWalk(folder, options, new ImageFolderReport()).Run())
        {
            if (item.Problem is not null) continue;
            if (FolderOf(item.Name) is { } label && classes.Find(label) >= 0) return null;
            other ??= item.Name;
        }
        return other;
    }

    /// <summary>
    /// The classes whose folders stand in a folder, in the order of their names: every sub-folder whose images an import takes,
    /// so neither hidden ones, nor links, nor such whose names are not UTF-8. Names that an export encoded are decoded; in the folder of an
    /// export they stand below its partitions.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">
    /// A folder bears the shortened name of a class, and the file that holds the whole one is gone.
    /// </exception>
    public static IReadOnlyList<string> ReadClasses(string folder) => ClassFolders.Of(folder).Classes;

    /// <summary>The class that the folder of a file stands for; null for one that stands in the root.</summary>
    private static string? FolderOf(string name)
    {
        var slash = name.LastIndexOf('/');
        return slash > 0 ? FolderName.ToClass(name[(name.LastIndexOf('/', slash - 1) + 1)..slash]) : null;
    }
}
