using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Objects;

/// <summary>
/// Objects as files under one folder. An object is written under a temporary name, flushed, renamed into place, and its folder flushed: a
/// reader, or a crash, sees all of it or nothing.
/// </summary>
public sealed class FileObjectStore : IObjectStore
{
    private const int FlushersPerLot = 16;
    private readonly string _root;
    private readonly string _temporary;

    /// <summary>Opens the folder; what a crash left half-written is removed.</summary>
    public FileObjectStore(string folder)
    {
        _root = Path.GetFullPath(folder);
        _temporary = Path.Combine(_root, ".tmp");
        Directory.CreateDirectory(_temporary);
        foreach (var left in Directory.EnumerateFiles(_temporary)) File.Delete(left);
    }

    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        await Task.Run(() => Publish(WriteTemporary(content.Span), path, flushFolder: true), cancellationToken);
    }

    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        var temporary = NewTemporary();
        try
        {
            await using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true))
            {
                await write(stream, cancellationToken);
                await stream.FlushAsync(cancellationToken);
                stream.Flush(flushToDisk: true);
            }
            Publish(temporary, path, flushFolder: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    public async Task PutManyIfAbsentAsync(IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects, CancellationToken cancellationToken)
    {
        var paths = objects.Select(o => PathOf(o.Key)).ToArray();
        // The disk takes many flushes at once in little more than the time of one.
        var limits = new ParallelOptions { MaxDegreeOfParallelism = FlushersPerLot, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, objects.Count, limits, (i, _) =>
        {
            if (!File.Exists(paths[i])) Publish(WriteTemporary(objects[i].Content.Span), paths[i], flushFolder: false);
            return ValueTask.CompletedTask;
        });
        // Also for those that were there: their own writer may not have flushed the folder yet.
        await Parallel.ForEachAsync(paths.Select(p => Path.GetDirectoryName(p)!).Distinct(StringComparer.Ordinal), limits, (folder, _) =>
        {
            FlushFolder(folder);
            return ValueTask.CompletedTask;
        });
    }

    public async Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            using var file = File.OpenHandle(PathOf(key), options: FileOptions.SequentialScan);
            var bytes = new byte[RandomAccess.GetLength(file)];
            var read = 0;
            while (read < bytes.Length)
            {
                var count = await RandomAccess.ReadAsync(file, bytes.AsMemory(read), read, cancellationToken);
                if (count == 0) throw new EndOfStreamException($"Object {key} ends after {read} of {bytes.Length} bytes.");
                read += count;
            }
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<Stream?>(new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, useAsync: true));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    public Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<IMemoryOwner<byte>?>(new MappedObject(PathOf(key)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<IMemoryOwner<byte>?>(null);
        }
    }

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => Task.FromResult(File.Exists(PathOf(key)));

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        if (File.Exists(path))
        {
            File.Delete(path);
            FlushFolder(Path.GetDirectoryName(path)!);
        }
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<(string Key, long Size)> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!prefix.EndsWith('/')) throw new ArgumentException("A prefix ends with '/'.", nameof(prefix));
        var folder = PathOf(prefix[..^1]);
        if (!Directory.Exists(folder)) yield break;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return (Path.GetRelativePath(_root, file.FullName).Replace(Path.DirectorySeparatorChar, '/'), file.Length);
            await Task.CompletedTask;
        }
    }

    /// <summary>The file of a key. Keys are made by the program, but the check costs little and a path outside the folder would cost much.</summary>
    private string PathOf(string key)
    {
        if (key.Length is 0 or > 1024) throw new ArgumentException("An object key has 1 to 1,024 characters.", nameof(key));
        foreach (var segment in key.Split('/'))
            if (segment.Length == 0 || segment[0] == '.' || !segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
                throw new ArgumentException($"'{key}' is not an object key: segments of letters, digits, '-', '_' and '.', not beginning with '.', joined by '/'.", nameof(key));
        return Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar));
    }

    private string NewTemporary() => Path.Combine(_temporary, Guid.NewGuid().ToString("n"));

    private string WriteTemporary(ReadOnlySpan<byte> content)
    {
        var temporary = NewTemporary();
        try
        {
            using var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, preallocationSize: 0);
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        return temporary;
    }

    /// <summary>Renames into place. Without <paramref name="flushFolder"/> the caller flushes the folders itself, once for all.</summary>
    private static void Publish(string temporary, string path, bool flushFolder)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder)) CreateFolder(folder);
        File.Move(temporary, path, overwrite: true);
        if (flushFolder) FlushFolder(folder);
    }

    /// <summary>A new folder is only there for certain when the one above it is flushed.</summary>
    private static void CreateFolder(string folder)
    {
        var above = Path.GetDirectoryName(folder)!;
        if (!Directory.Exists(above)) CreateFolder(above);
        Directory.CreateDirectory(folder);
        FlushFolder(above);
    }

    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        using SafeFileHandle handle = Folders.Open(folder);
        Folders.Flush(handle, folder);
    }
}
