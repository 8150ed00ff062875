using System.IO.Enumeration;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Winnow.Adapters.Disk;

/// <summary>
/// Files and folders that are their owner's alone: folders 0700, files 0600, whatever the umask of whoever starts the process, and those
/// that an earlier release left open as well. The ledger holds the key that signs leases, and objects are people's pictures. On Windows a
/// folder inherits who may read it, and nothing is changed.
/// </summary>
public static partial class OwnersOnly
{
    private const UnixFileMode Folder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode SingleFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>On a folder that is closed, whose content may not be all closed yet: a walk that was cut off is begun again.</summary>
    private const UnixFileMode Unfinished = UnixFileMode.StickyBit;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const uint ClosedToOthers = 0b000_111_111;

    /// <summary>
    /// From now on whatever this process makes is its owner's alone, by whichever library: SQLite, temporary files, spools.
    /// </summary>
    public static void FromNowOn()
    {
        if (!OperatingSystem.IsWindows()) _ = Umask(ClosedToOthers);
    }

    /// <summary>
    /// Makes a folder that is used for nothing else, or closes the one that is there with all that is in it. A walk over it is made once,
    /// not at each start. Those above it that are missing are made likewise.
    /// </summary>
    public static void MakeFolder(string path)
    {
        MakeSharedFolder(path);
        if (OperatingSystem.IsWindows()) return;
        var mode = File.GetUnixFileMode(path);
        if ((mode & (Others | Unfinished)) == 0) return;
        // The folder first: from then on nobody gets at what is in it.
        if (!TrySet(path, Folder | Unfinished)) return;
        foreach (var (inside, isFolder) in Inside(path)) TrySet(inside, isFolder ? Folder : SingleFile);
        TrySet(path, Folder);
    }

    /// <summary>
    /// Makes a folder that may hold other things too: only what is made is closed, since to shut others out of what is theirs is not ours
    /// to do.
    /// </summary>
    public static void MakeSharedFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, Folder);
    }

    /// <summary>
    /// Closes what this program has put into a folder, and the folder itself where there is nothing else in it. Whatever is wrong with it
    /// is for whoever uses it next to say.
    /// </summary>
    /// <param name="path">The folder; nothing happens where there is none.</param>
    /// <param name="known">Names of what this program puts there.</param>
    public static void CloseSharedFolder(string path, IReadOnlyCollection<string> known)
    {
        if (OperatingSystem.IsWindows() || !Directory.Exists(path)) return;
        try
        {
            if ((File.GetUnixFileMode(path) & Others) != 0
                && Directory.EnumerateFileSystemEntries(path).All(f => known.Contains(Path.GetFileName(f)))) TrySet(path, Folder);
            foreach (var inside in known.Select(name => Path.Combine(path, name)))
            {
                if (Directory.Exists(inside)) MakeFolder(inside);
                else Close(inside);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not to be looked into, so not to be told from somebody else's.
        }
    }

    /// <summary>Makes an empty file, or closes the one that is there, before somebody opens it who knows nothing of modes.</summary>
    public static void MakeFile(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        if (File.Exists(path)) Close(path);
        else new FileStream(path,
            new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = SingleFile }).Dispose();
    }

    /// <summary>Closes a file where it is there.</summary>
    public static void Close(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path)) return;
        if ((File.GetUnixFileMode(path) & Others) != 0) TrySet(path, SingleFile);
    }

    // Links lead elsewhere, and that is not ours to close.
    private static FileSystemEnumerable<(string Path, bool IsFolder)> Inside(string folder) =>
        new(folder, static (ref FileSystemEntry entry) => (entry.ToFullPath(), entry.IsDirectory),
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
            ShouldRecursePredicate = static (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };

    /// <summary>
    /// False where it is somebody else's, such as a volume's own root, which is for whoever mounted it to close; or gone meanwhile.
    /// </summary>
    [UnsupportedOSPlatform("windows")]
    private static bool TrySet(string path, UnixFileMode mode)
    {
        try
        {
            File.SetUnixFileMode(path, mode);
            return true;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Umask(uint mask);
}
