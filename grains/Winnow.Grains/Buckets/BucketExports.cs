using System.Collections.Concurrent;
using System.Text;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Buckets;

/// <summary>
/// Exports in folders that were put into a bucket. Of one that has a holdout, a source reads the partition that it is for: models would
/// learn from what they are measured on. Whether such an export lies somewhere is asked once, whichever key comes first.
/// </summary>
internal sealed class BucketExports(IBucketReader buckets, BucketPlace place, Partition partition)
{
    /// <summary>Folders remembered; so many that a bucket of exports is read with a look at each.</summary>
    private const int MostKept = 10_000;

    /// <summary>Bytes of a key, at most.</summary>
    private const int LongestKey = 1024;

    private readonly string _other = ExportNames.OtherFolder(partition);
    private readonly ConcurrentDictionary<string, bool> _mixed = new(StringComparer.Ordinal);

    /// <summary>Why an object is left out, as a sentence; null when it may be read.</summary>
    /// <exception cref="IOException">The server cannot be asked.</exception>
    public async ValueTask<string?> RefuseAsync(string key, CancellationToken cancellationToken)
    {
        // What stands before the prefix was named by whoever added the source.
        for (var at = place.Prefix.Length; (at = IndexOfFolder(key, at)) >= 0; at += _other.Length)
            if (await IsMixedAsync(key[..at], cancellationToken))
                return ExportNames.OtherPartition(key[..(at + _other.Length)], partition);
        return null;
    }

    /// <summary>Where a folder of the other partition's name begins in a key; -1 where none does.</summary>
    private int IndexOfFolder(string key, int from)
    {
        for (var at = from; (at = key.IndexOf(_other + "/", at, StringComparison.Ordinal)) >= 0; at++)
            if (at == 0 || key[at - 1] == '/') return at;
        return -1;
    }

    private async ValueTask<bool> IsMixedAsync(string folder, CancellationToken cancellationToken)
    {
        if (_mixed.TryGetValue(folder, out var known)) return known;
        var mixed = await IsThereAsync(folder + ExportNames.List, cancellationToken)
            && (partition == Partition.Pool || await HoldsAnyAsync($"{folder}{ExportNames.Holdout}/", cancellationToken));
        if (_mixed.Count >= MostKept) _mixed.Clear();
        return _mixed[folder] = mixed;
    }

    private async Task<bool> IsThereAsync(string key, CancellationToken cancellationToken)
    {
        if (Encoding.UTF8.GetByteCount(key) > LongestKey) return false;
        try
        {
            return await buckets.FindAsync(place, key, cancellationToken) is not null;
        }
        catch (ObjectUnreadableException)
        {
            // Nobody may read it, so it is there.
            return true;
        }
    }

    private async Task<bool> HoldsAnyAsync(string folder, CancellationToken cancellationToken) =>
        (await buckets.ListAsync(place with { Prefix = folder }, null, cancellationToken)).Entries.Count > 0;
}
