using System.IO.Enumeration;
using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>One thing that a walk found: a file to read, or something that cannot be read and why.</summary>
/// <param name="Name">Its path below the root, with '/'; ends with one where it is a folder.</param>
/// <param name="Path">Where it stands.</param>
/// <param name="Size">Bytes of a file.</param>
/// <param name="Problem">Why it cannot be read; null for a file.</param>
internal readonly record struct FolderItem(string Name, string Path, long Size, string? Problem);

/// <summary>
/// Walks through a folder and all below it in the order of paths, one folder in memory at a time. Whatever it cannot go into is told and
/// walked around. Links to folders are followed where asked, each folder through links at most once, and never one that is being walked
/// already: so a walk ends.
/// </summary>
internal sealed class FolderWalk(string folder, ImageFolderOptions options, ImageFolderReport report)
{
    private static readonly EnumerationOptions All = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
    private readonly HashSet<string> _throughLinks = new(StringComparer.Ordinal);
    private HashSet<string> _above = [];
    private readonly Stack<Level> _levels = new();

    /// <summary>A folder that is being walked: what of it is still to come, in order.</summary>
    /// <param name="Prefix">Its path below the root.</param>
    /// <param name="Path">Where it was found.</param>
    /// <param name="Place">Where it stands, whatever links led there.</param>
    /// <param name="Identity">Which folder it is.</param>
    /// <param name="Left">What is to come.</param>
    private sealed record Level(string Prefix, string Path, string Place, string Identity, Queue<Found> Left);

    /// <param name="Name">Its name, in which whatever is not UTF-8 is U+FFFD.</param>
    /// <param name="IsFolder">Whether it is a folder.</param>
    /// <param name="IsLink">Whether it is a link.</param>
    /// <param name="IsHidden">Whether it is passed over.</param>
    /// <param name="Problem">Why it is left out; null where it is not.</param>
    private readonly record struct Found(string Name, bool IsFolder, bool IsLink, bool IsHidden, string? Problem = null)
    {
        /// <summary>As it sorts: by it the whole walk is in the order of paths.</summary>
        public string Key => IsFolder ? Name + "/" : Name;
    }

    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it is a file.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder itself may not be read.</exception>
    public IEnumerable<FolderItem> Run()
    {
        if (Refuse(_root) is { } wrong) throw new DirectoryNotFoundException(wrong);
        if (Enter("", _root, PlaceOf(_root), FileFacts.Of(_root).Identity) is { } unreadable)
            throw new UnauthorizedAccessException($"The folder {_root} cannot be read. {unreadable.Problem}");
        _above = [.. Above(FinalOf(_root) ?? _root).Select(p => FileFacts.Of(p).Identity)];
        while (_levels.TryPeek(out var level))
        {
            if (!level.Left.TryDequeue(out var found)) _levels.Pop();
            else if (Look(level, found) is { } item) yield return item;
        }
    }

    /// <summary>Why a path cannot be walked, as a sentence; null when a folder stands there.</summary>
    public static string? Refuse(string path) => FileFacts.Of(path).Kind switch
    {
        FileKind.Folder => null,
        FileKind.File => $"'{path}' is a file. Name the folder in which it stands.",
        FileKind.Missing => $"There is no folder '{path}'.",
        var kind => $"'{path}' cannot be read. {FolderFile.Explain(kind, path)}",
    };

    /// <summary>
    /// Takes up a folder; what is wrong with it, if anything. What was found before it went wrong is walked all the same.
    /// </summary>
    private FolderItem? Enter(string prefix, string path, string place, string identity)
    {
        var found = new List<Found>();
        FolderItem? problem = null;
        try
        {
            foreach (var entry in new FileSystemEnumerable<Found>(path, FoundOf, All))
                if (entry.IsHidden) report.AddHidden(prefix + entry.Key);
                else found.Add(entry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = new FolderItem(prefix, path, 0, $"{FolderFile.Explain(e, path)} What is in it is left out.");
        }
        found.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        TellTwins(found);
        if (problem is null || found.Count > 0) _levels.Push(new Level(prefix, path, place, identity, new Queue<Found>(found)));
        return problem;
    }

    /// <summary>Names that differ where they stand and no more when they are read: all but one of them are told, and left out.</summary>
    private static void TellTwins(List<Found> found)
    {
        var names = found.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < found.Count; i++)
        {
            var entry = found[i];
            if (i > 0 && entry.Name == found[i - 1].Name) found[i] = entry with { Problem = FolderFile.NotUtf8 };
            else if (NameOf(entry.Name) is var kept && kept != entry.Name && names.Contains(kept))
                found[i] = entry with { Problem = $"Its backslash is kept as %5C, and '{kept}' stands beside it. Rename one of them." };
        }
    }

    private FolderItem? Look(Level level, Found found)
    {
        var (name, path) = (level.Prefix + NameOf(found.Name), Path.Join(level.Path, found.Name));
        FolderItem Problem(string reason) => new(found.IsFolder ? name + "/" : name, path, 0, reason);
        if (found.Problem is { } twin) return Problem(twin);
        FileFacts facts;
        try
        {
            facts = FileFacts.Of(path);
        }
        catch (PathTooLongException e)
        {
            return Problem(e.Message);
        }
        switch (facts.Kind)
        {
            case FileKind.File when IsExcepted(level, found.Name):
                return null;
            case FileKind.File when LeaveOut(level, found, name, path) is { } why:
                return Problem(why);
            case FileKind.File:
                if (found.IsLink) report.FileLinks++;
                return new FolderItem(name, path, facts.Size, null);
            case FileKind.Folder:
                return found.IsLink ? LookThrough(name, path, facts.Identity)
                    : Enter(name + "/", path, Path.Join(level.Place, found.Name), facts.Identity);
            case FileKind.Missing when found.IsLink:
                return Problem($"It is a link to {TargetOf(path)}, which is not there.");
            case FileKind.Pipe or FileKind.Socket or FileKind.Device when found.IsLink:
                return Problem($"It is a link to a {facts.Kind.ToString().ToLowerInvariant()}, not to a file.");
            default:
                return Problem(FolderFile.Explain(facts.Kind, path));
        }
    }

    private bool IsExcepted(Level level, string name) => options.Except is { } except && name == Path.GetFileName(except)
        && FileFacts.Of(Path.GetDirectoryName(Path.GetFullPath(except)) ?? except).Identity == level.Identity;

    private string? LeaveOut(Level level, Found found, string name, string path)
    {
        var place = found.IsLink ? FinalOf(path) ?? path : Path.Join(level.Place, found.Name);
        return ExportedFolder.LeaveOut(options.Partition, OperatingSystem.IsWindows() ? place.Replace('\\', '/') : place, name);
    }

    /// <summary>A link to a folder.</summary>
    private FolderItem? LookThrough(string name, string path, string identity)
    {
        FolderItem Problem(string why) => new(name + "/", path, 0, $"It is a link to the folder {TargetOf(path)}, {why}");
        if (_above.Contains(identity)) return Problem("which holds the one that is read. It is not followed.");
        var walked = _levels.Any(l => l.Identity == identity);
        if (options.FollowFolderLinks && !walked && _throughLinks.Add(identity))
        {
            report.FolderLinks++;
            return Enter(name + "/", path, FinalOf(path) ?? path, identity);
        }
        if (!walked && !options.FollowFolderLinks && !IsWithin(path))
            return Problem("outside of the one that is read. It is not followed: read it by itself, or ask for such links to be followed.");
        report.NeedlessLinks++;
        return null;
    }

    /// <summary>Whether a link leads to a folder that is walked before or after: one below the root, and not hidden.</summary>
    private bool IsWithin(string link)
    {
        var root = _levels.Last().Identity;
        for (var at = FinalOf(link); at is not null; at = Path.GetDirectoryName(at))
        {
            if (FileFacts.Of(at).Identity == root) return true;
            if (FolderName.IsHidden(Path.GetFileName(at))) return false;
        }
        return false;
    }

    private static IEnumerable<string> Above(string path)
    {
        for (var at = Path.GetDirectoryName(path); at is not null; at = Path.GetDirectoryName(at)) yield return at;
    }

    /// <summary>Where a folder stands, whatever links lead to it and to those above it.</summary>
    private static string PlaceOf(string folder) => FinalOf(folder)
        ?? (Path.GetDirectoryName(folder) is { } above ? Path.Join(PlaceOf(above), Path.GetFileName(folder)) : folder);

    private static string? FinalOf(string link)
    {
        try
        {
            return Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? "something";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "something";
        }
    }

    /// <summary>A backslash in a name is part of it here, and parts folders to whoever reads it later: it is written as its code.</summary>
    private static string NameOf(string name) => OperatingSystem.IsWindows() ? name : name.Replace("\\", "%5C", StringComparison.Ordinal);

    private static Found FoundOf(ref FileSystemEntry entry)
    {
        var attributes = entry.Attributes;
        var name = entry.FileName.ToString();
        var hidden = (entry.IsDirectory ? FolderName.IsHidden(name) : name.StartsWith('.'))
            || (OperatingSystem.IsWindows() && (attributes & (FileAttributes.Hidden | FileAttributes.System)) != 0);
        return new Found(name, entry.IsDirectory, (attributes & FileAttributes.ReparsePoint) != 0, hidden);
    }
}
