using System.Collections.Concurrent;
using System.Globalization;
using Winnow.Adapters.Disk;

namespace Winnow.Adapters.Objects;

/// <summary>
/// The folder of a file store: where a key's file stands, and the steps by which a file gets there. A name is given only to bytes that are
/// on disk already, so that whatever can be seen is whole, whenever the process or the power fails.
/// </summary>
internal sealed class ObjectFolder : IDisposable
{
    private const string TemporaryName = ".tmp";

    private readonly string _root;
    private readonly string _temporary;
    private readonly FileStream _lock;
    // Folders whose own names are known to be on disk. A dataset has about a thousand.
    private readonly ConcurrentDictionary<string, bool> _settled = new(StringComparer.Ordinal);
    private long _counter;

    public ObjectFolder(string root)
    {
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _temporary = Path.Combine(_root, TemporaryName);
        OwnersOnly.MakeFolder(_root);
        OwnersOnly.MakeFolder(_temporary);
        _lock = TakeLock();
        // What a process left that was killed between writing and naming; nobody was told that it was stored.
        foreach (var file in Directory.EnumerateFiles(_temporary))
            if (!string.Equals(file, _lock.Name, StringComparison.Ordinal)) File.Delete(file);
        DiskSync.Directory(_root);
    }

    /// <summary>The folder itself.</summary>
    public string Root => _root;

    /// <summary>The file of a key.</summary>
    /// <exception cref="ArgumentException">The key is not one.</exception>
    public string PathOf(string key)
    {
        ObjectKeyRules.Check(key);
        return Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar));
    }

    /// <summary>
    /// A file is not there: seen to before that is told as certain. Where a disk was taken away its empty place looks like a folder in
    /// which nothing ever was, but for the lock that this process has put there.
    /// </summary>
    /// <exception cref="IOException">It is not the folder that was opened.</exception>
    public void CheckWhole()
    {
        if (File.Exists(_lock.Name)) return;
        throw new IOException(
            $"The object folder '{_root}' is not the one that was opened: '{_lock.Name}' is gone. Was its disk taken away? Put it back.");
    }

    /// <summary>A name for a file that is being written.</summary>
    public string NewTemporary() =>
        Path.Combine(_temporary, Interlocked.Increment(ref _counter).ToString("x", CultureInfo.InvariantCulture));

    /// <summary>Writes a new file; durable only where asked.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content, bool durable)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, preallocationSize: 0);
        RandomAccess.Write(file, content, 0);
        if (durable) RandomAccess.FlushToDisk(file);
    }

    /// <summary>Makes the bytes of a finished file durable.</summary>
    public static void SyncFile(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Gives a durable file its name; false when the name is taken and may not be replaced. The name is not durable yet.</summary>
    public static bool TryName(string temporary, string path, bool replace)
    {
        try
        {
            try
            {
                File.Move(temporary, path, replace);
            }
            catch (Exception problem) when (problem is DirectoryNotFoundException or FileNotFoundException && File.Exists(temporary))
            {
                // Made where it is missed: to ask for it each time costs two calls for each file. Where another writer makes it between the
                // move and the class library's look at why it failed, the library takes the file for missing.
                OwnersOnly.MakeFolder(Path.GetDirectoryName(path)!);
                File.Move(temporary, path, replace);
            }
            return true;
        }
        catch (IOException) when (!replace && File.Exists(path))
        {
            File.Delete(temporary);
            return false;
        }
    }

    /// <summary>Makes a name durable, with those of the folders above it that are new.</summary>
    public void SyncName(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        DiskSync.Directory(folder);
        while (folder.Length > _root.Length && !_settled.ContainsKey(folder))
        {
            var parent = Path.GetDirectoryName(folder)!;
            DiskSync.Directory(parent);
            _settled[folder] = true;
            folder = parent;
        }
    }

    /// <summary>Removes what a failed put left.</summary>
    public static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (IOException)
        {
            // The next start removes it.
        }
    }

    public void Dispose() => _lock.Dispose();

    private FileStream TakeLock()
    {
        var path = Path.Combine(_temporary, "lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException problem) when (HeldFile.IsHeld(problem))
        {
            throw new InvalidOperationException(
                $"The object folder '{_root}' is in use by another process. Stop that process, or give this one a folder of its own; "
                + $"several silos share objects only on S3.", problem);
        }
    }
}
