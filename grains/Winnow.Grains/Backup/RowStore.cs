using System.Globalization;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Backup;

/// <summary>
/// Where the rows of an archive wait until all of it was read: a little of it in memory, so that a small one costs no more than it must,
/// and the rest in the object store, apart from all datasets, so that no silo needs a disk for them.
/// </summary>
internal sealed class RowStore(IObjectStore objects, Guid token)
{
    /// <summary>Bytes that are kept in memory.</summary>
    private const int InMemory = 4 << 20;

    private readonly List<RowFile> _files = [];
    private long _held;

    /// <summary>The files, in the order of the archive.</summary>
    public IReadOnlyList<RowFile> Files => _files;

    public async Task AddAsync(int shard, string kind, string name, byte[] file, CancellationToken cancellationToken)
    {
        if ((_held += file.Length) <= InMemory)
        {
            _files.Add(new RowFile(shard, kind, name, null, file));
            return;
        }
        var key = string.Create(CultureInfo.InvariantCulture, $"restores/{token:n}/{_files.Count:D6}");
        _files.Add(new RowFile(shard, kind, name, key, null));
        await objects.PutAsync(key, file, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The rows of a file, each with its line.</summary>
    public async Task<IEnumerable<(int Line, T Record)>> ReadAsync<T>(RowFile file, CancellationToken cancellationToken) where T : class
    {
        var content = file.Content ?? (await objects.GetAsync(file.Key!, cancellationToken).ConfigureAwait(false)
            ?? throw new IOException($"'{file.Key}' of the restore under way is gone. Begin it again."));
        return BackupText.Rows<T>(file.Name, content);
    }

    /// <summary>Removes what was put aside.</summary>
    public async Task ClearAsync()
    {
        foreach (var file in _files)
            if (file.Key is { } key) await objects.DeleteAsync(key, CancellationToken.None).ConfigureAwait(false);
    }
}

/// <summary>A file of rows that waits.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Kind">Which rows.</param>
/// <param name="Name">Its name in the archive.</param>
/// <param name="Key">Where it waits; null in memory.</param>
/// <param name="Content">The file, in memory.</param>
internal sealed record RowFile(int Shard, string Kind, string Name, string? Key, byte[]? Content);
