using System.Buffers;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Objects;

/// <summary>
/// Objects as files under one folder, a key's segments as folder names. One process at a time. A removed object may come back after a power
/// failure; a stored one never goes. A key cannot be the folder of another: <c>a</c> and <c>a/b</c> exclude each other.
/// </summary>
public sealed class FileObjectStore : IObjectStore, IDisposable
{
    /// <summary>Up to so many objects are synced one by one; a sync of the whole file system costs about as much as ten of them.</summary>
    private const int FewObjects = 8;
    // Files made in one folder wait for each other: more writers than this wait more and write no faster.
    private static readonly int WritersOfMany = Math.Max(2, Environment.ProcessorCount);
    private const int ListingPage = 512;
    private const string Disk = "The disk of the object folder";
    // EIO, and ERROR_CRC as an HRESULT.
    private const int BadBlock = 5;
    private const int BadBlockOnWindows = unchecked((int)0x80070017);

    private readonly ObjectFolder _folder;
    private readonly FileSystemSync? _sync;

    /// <summary>Opens a store, makes its folder when it is not there, and removes what a killed process left half-written.</summary>
    /// <param name="root">The folder. Nothing else may write there.</param>
    /// <exception cref="InvalidOperationException">Another process has the folder open.</exception>
    public FileObjectStore(string root) : this(root, FileSystemSync.IsSupported) { }

    internal FileObjectStore(string root, bool syncFileSystem)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        _folder = new ObjectFolder(root);
        _sync = syncFileSystem ? new FileSystemSync(_folder.Root) : null;
    }

    /// <inheritdoc/>
    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var place = new ObjectPlace(_folder, key);
        var faults = new PlaceFaults();
        await Task.Run(() => PutOne(place, content, replace: true, faults), cancellationToken).ConfigureAwait(false);
        faults.ThrowIfAny();
    }

    /// <inheritdoc/>
    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var place = new ObjectPlace(_folder, key);
        var faults = new PlaceFaults();
        var temporary = _folder.NewTemporary();
        try
        {
            await using (var file =
                new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
                await write(file, cancellationToken).ConfigureAwait(false);
            await Task.Run(() =>
            {
                ObjectFolder.SyncFile(temporary);
                if (!faults.Try(place, () => place.Name(temporary, replace: true))) ObjectFolder.Discard(temporary);
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            ObjectFolder.Discard(temporary);
            FullDisk.Rethrow(Disk, problem);
        }
        faults.ThrowIfAny();
    }

    /// <inheritdoc/>
    public async Task PutManyIfAbsentAsync(IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects,
        CancellationToken cancellationToken)
    {
        var places = objects.Select(o => new ObjectPlace(_folder, o.Key)).ToArray();
        if (places.Length == 0) return;
        var faults = new PlaceFaults();
        if (_sync is null || places.Length <= FewObjects)
        {
            await ForEachAsync(places.Length, i => PutOne(places[i], objects[i].Content, replace: false, faults), cancellationToken)
                .ConfigureAwait(false);
        }
        else await PutTogetherAsync(places, objects, faults, _sync, cancellationToken).ConfigureAwait(false);
        faults.ThrowIfAny();
    }

    private async Task PutTogetherAsync(
        ObjectPlace[] places, IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects, PlaceFaults faults, FileSystemSync sync,
        CancellationToken cancellationToken)
    {
        var temporaries = new string?[places.Length];
        try
        {
            await ForEachAsync(places.Length, i =>
            {
                if (File.Exists(places[i].Path)) return;
                temporaries[i] = _folder.NewTemporary();
                ObjectFolder.Write(temporaries[i]!, objects[i].Content.Span, durable: false);
            }, cancellationToken).ConfigureAwait(false);
            // Bytes before names: a name whose bytes were not on disk could be an empty file after a power failure.
            if (temporaries.Any(t => t is not null)) await sync.SyncAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            for (var i = 0; i < places.Length; i++)
            {
                if (temporaries[i] is not { } temporary) continue;
                var place = places[i];
                if (!faults.Try(place, () => ObjectFolder.TryName(temporary, place.Path, replace: false))) ObjectFolder.Discard(temporary);
            }
            // Also where all were there: another caller may have named them a moment ago and not have synced the names.
            await sync.SyncAsync().ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            foreach (var temporary in temporaries)
                if (temporary is not null) ObjectFolder.Discard(temporary);
            FullDisk.Rethrow(Disk, problem);
        }
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(_folder.PathOf(key), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            _folder.CheckWhole();
            return null;
        }
        catch (Exception problem) when (IsOfThisFile(problem))
        {
            throw Unreadable(key, problem);
        }
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = _folder.PathOf(key);
        try
        {
            return Task.FromResult<Stream?>(new ObjectFile(path, problem => IsOfThisFile(problem) ? Unreadable(key, problem) : null));
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            _folder.CheckWhole();
            return Task.FromResult<Stream?>(null);
        }
        catch (Exception problem) when (IsOfThisFile(problem))
        {
            return Task.FromException<Stream?>(Unreadable(key, problem));
        }
    }

    /// <inheritdoc/>
    /// <remarks>The memory is read-only in spite of its type: writing to it ends the process.</remarks>
    public Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken)
    {
        var path = _folder.PathOf(key);
        return Task.Run<IMemoryOwner<byte>?>(() =>
        {
            try
            {
                if (MappedObject.Map(path) is { } mapped) return mapped;
            }
            catch (Exception problem) when (IsOfThisFile(problem))
            {
                throw Unreadable(key, problem);
            }
            _folder.CheckWhole();
            return null;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(File.Exists(_folder.PathOf(key)));
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var path = _folder.PathOf(key);
        return Task.Run(() =>
        {
            if (File.Exists(path)) File.Delete(path);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<(string Key, long Size)> ListAsync(string prefix,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKeyRules.CheckPrefix(prefix);
        var folder = Path.Combine(_folder.Root, prefix[..^1]);
        if (!Directory.Exists(folder)) yield break;
        using var files = Files(folder).GetEnumerator();
        while (true)
        {
            // The walk blocks on the disk; a page of it is worth a trip to the thread pool.
            var page = await Task.Run(() =>
            {
                var found = new List<(string Key, long Size)>(ListingPage);
                while (found.Count < ListingPage && files.MoveNext()) found.Add(files.Current);
                return found;
            }, cancellationToken).ConfigureAwait(false);
            foreach (var (path, size) in page)
                yield return (Path.GetRelativePath(_folder.Root, path).Replace(Path.DirectorySeparatorChar, '/'), size);
            if (page.Count < ListingPage) yield break;
        }
    }

    /// <summary>Lets another process have the folder.</summary>
    public void Dispose()
    {
        _sync?.Dispose();
        _folder.Dispose();
    }

    /// <summary>
    /// No right to it, or a bad block. Whatever else fails may be the disk's or the process's: too many open files, a folder that is gone.
    /// </summary>
    private static bool IsOfThisFile(Exception problem) =>
        problem is UnauthorizedAccessException
        || (problem is IOException && problem.HResult == (OperatingSystem.IsWindows() ? BadBlockOnWindows : BadBlock));

    private static ObjectUnreadableException Unreadable(string key, Exception problem) =>
        new($"'{key}' cannot be read: {problem.Message}", problem);

    private static FileSystemEnumerable<(string Path, long Size)> Files(string folder) =>
        new(folder, static (ref FileSystemEntry entry) => (entry.ToFullPath(), entry.Length),
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) => !entry.IsDirectory && entry.FileName[0] != '.',
            ShouldRecursePredicate = static (ref FileSystemEntry entry) => entry.FileName[0] != '.',
        };

    private void PutOne(ObjectPlace place, ReadOnlyMemory<byte> content, bool replace, PlaceFaults faults)
    {
        if (!replace && File.Exists(place.Path))
        {
            faults.Try(place, () => _folder.SyncName(place.Path));
            return;
        }
        var temporary = _folder.NewTemporary();
        try
        {
            ObjectFolder.Write(temporary, content.Span, durable: true);
            if (!faults.Try(place, () => place.Name(temporary, replace))) ObjectFolder.Discard(temporary);
        }
        catch (Exception problem)
        {
            ObjectFolder.Discard(temporary);
            FullDisk.Rethrow(Disk, problem);
        }
    }

    /// <summary>Runs on a few threads; of what fails, the first is told, and not a heap of them.</summary>
    private static Task ForEachAsync(int count, Action<int> work, CancellationToken cancellationToken) => Task.Run(() =>
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = WritersOfMany, CancellationToken = cancellationToken },
                work);
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }
    }, cancellationToken);
}
