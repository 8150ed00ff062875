using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Winnow.Adapters.Disk;

namespace Winnow.Adapters.Objects.S3;

/// <summary>
/// Local copies of remote objects, so that they can be mapped. A copy's name holds the object's key and version, the length and a checksum:
/// what is found after a restart is used only if it is whole. The least recently used go when there are too many bytes; a mapping outlives
/// its file.
/// </summary>
internal sealed class ObjectCache : IDisposable
{
    private const string TemporarySuffix = ".part";

    private readonly string _folder;
    private readonly long _most;
    private readonly TimeProvider _time;
    private readonly FileStream _lock;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Copy> _copies = new(StringComparer.Ordinal);
    private long _bytes;
    private long _counter;

    private sealed class Copy(string path, long length, DateTimeOffset used)
    {
        public string Path { get; } = path;
        public long Length { get; } = length;
        public DateTimeOffset Used { get; set; } = used;
        public bool Checked { get; set; }
    }

    /// <summary>Opens the folder, and makes it when it is not there.</summary>
    /// <exception cref="InvalidOperationException">Another process has it open.</exception>
    public ObjectCache(string folder, long most, TimeProvider time)
    {
        (_folder, _most, _time) = (Path.GetFullPath(folder), most, time);
        OwnersOnly.MakeFolder(_folder);
        try
        {
            _lock = new FileStream(Path.Combine(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (HeldFile.IsHeld(e))
        {
            throw new InvalidOperationException(
                $"The cache folder '{_folder}' is in use by another process. Give each silo a folder of its own: S3:CacheFolder.", e);
        }
        foreach (var file in new DirectoryInfo(_folder).EnumerateFiles())
        {
            if (file.Name == "lock") continue;
            if (file.Name.Split('-') is [var key, var version, _] && !file.Name.EndsWith(TemporarySuffix, StringComparison.Ordinal))
                Add($"{key}-{version}", new Copy(file.FullName, file.Length, file.LastWriteTimeUtc));
            else file.Delete();
        }
        Evict(null);
    }

    /// <summary>Bytes of all copies.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate) return _bytes;
        }
    }

    /// <summary>Maps a copy of this version of an object; null when there is none that is whole.</summary>
    public IMemoryOwner<byte>? Map(string key, string version)
    {
        var name = NameOf(key, version);
        Copy? copy;
        lock (_gate)
        {
            if (!_copies.TryGetValue(name, out copy)) return null;
            copy.Used = _time.GetUtcNow();
        }
        var mapped = copy.Checked || IsWhole(copy) ? MappedObject.Map(copy.Path) : null;
        if (mapped is null)
        {
            Remove(name, copy);
            return null;
        }
        copy.Checked = true;
        try
        {
            // What was used last is known after a restart too.
            File.SetLastWriteTimeUtc(copy.Path, copy.Used.UtcDateTime);
        }
        catch (IOException)
        {
            // It was evicted a moment ago; the mapping holds.
        }
        return mapped;
    }

    /// <summary>Keeps a copy. It can be seen once it is whole.</summary>
    public async Task AddAsync(string key, string version, Stream content, CancellationToken cancellationToken)
    {
        var temporary = Path.Combine(_folder,
            Interlocked.Increment(ref _counter).ToString("x", CultureInfo.InvariantCulture) + TemporarySuffix);
        try
        {
            var hash = new XxHash3();
            long length = 0;
            await using (var file = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous))
            {
                var buffer = new byte[128 << 10];
                for (int count; (count = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; length += count)
                {
                    hash.Append(buffer.AsSpan(0, count));
                    await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                }
            }
            var name = NameOf(key, version);
            var path = Path.Combine(_folder,
                string.Create(CultureInfo.InvariantCulture, $"{name}-{length:x}.{hash.GetCurrentHashAsUInt64():x16}"));
            File.Move(temporary, path, overwrite: true);
            lock (_gate) Add(name, new Copy(path, length, _time.GetUtcNow()) { Checked = true });
            Evict(name);
        }
        catch (Exception problem)
        {
            File.Delete(temporary);
            // Copies can be fetched again: for the next try there is room.
            if (FullDisk.Is(problem)) EvictHalf();
            FullDisk.Rethrow("The disk of the cache folder", problem);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static string NameOf(string key, string version) => $"{Short(key)}-{Short(version)}";

    private static string Short(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    private static bool IsWhole(Copy copy)
    {
        try
        {
            using var file = File.OpenRead(copy.Path);
            var hash = new XxHash3();
            hash.Append(file);
            return Path.GetFileName(copy.Path)
                .EndsWith(string.Create(CultureInfo.InvariantCulture, $"-{file.Length:x}.{hash.GetCurrentHashAsUInt64():x16}"),
                    StringComparison.Ordinal);
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private void Add(string name, Copy copy)
    {
        if (_copies.TryGetValue(name, out var old)) _bytes -= old.Length;
        _copies[name] = copy;
        _bytes += copy.Length;
    }

    private void Remove(string name, Copy copy)
    {
        lock (_gate)
        {
            if (!_copies.TryGetValue(name, out var found) || found != copy) return;
            _copies.Remove(name);
            _bytes -= copy.Length;
        }
        File.Delete(copy.Path);
    }

    /// <summary>Makes room; the newest copy stays, whatever its size.</summary>
    private void Evict(string? newest) => EvictTo(_most, newest);

    private void EvictHalf() => EvictTo(Bytes / 2, null);

    private void EvictTo(long most, string? newest)
    {
        lock (_gate)
        {
            if (_bytes <= most) return;
            foreach (var (name, copy) in _copies.Where(c => c.Key != newest).OrderBy(c => c.Value.Used).ToArray())
            {
                if (_bytes <= most) return;
                _copies.Remove(name);
                _bytes -= copy.Length;
                File.Delete(copy.Path);
            }
        }
    }
}
