using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Datasets.Backup;

/// <summary>Where the rows of an archive wait until all of it was read: in the object store, apart from all datasets, so that no silo needs a disk for them.</summary>
internal sealed class RowStore(IObjectStore objects, Guid token)
{
    private readonly List<(int Shard, string Kind, string Key)> _files = [];

    /// <summary>The files, in the order of the archive.</summary>
    public IReadOnlyList<(int Shard, string Kind, string Key)> Files => _files;

    public async Task AddAsync(int shard, string kind, byte[] file, CancellationToken cancellationToken)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"restores/{token:n}/{_files.Count:D6}");
        _files.Add((shard, kind, key));
        await objects.PutAsync(key, file, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IEnumerable<T>> ReadAsync<T>(string key, JsonTypeInfo<T> type, CancellationToken cancellationToken) where T : class =>
        Lines(await objects.GetAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new IOException($"'{key}' of the restore under way is gone. Begin it again."), type);

    /// <summary>Removes what was put aside.</summary>
    public async Task ClearAsync()
    {
        foreach (var (_, _, key) in _files) await objects.DeleteAsync(key, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>The lines of a file.</summary>
    /// <exception cref="JsonException">A line is not one of this kind.</exception>
    public static IEnumerable<T> Lines<T>(ReadOnlyMemory<byte> file, JsonTypeInfo<T> type) where T : class
    {
        for (var at = 0; at < file.Length;)
        {
            var length = file.Span[at..].IndexOf((byte)'\n');
            if (length < 0) throw new JsonException("The last line has no end.");
            yield return JsonSerializer.Deserialize(file.Span.Slice(at, length), type) ?? throw new JsonException("A line is null.");
            at += length + 1;
        }
    }
}
