using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Model.Names;

namespace Winnow.Grains.Images.Buckets;

/// <summary>How a source lists, fetches and hands over.</summary>
internal sealed partial class BucketSourceGrain
{
    /// <summary>Pages without anything new after which the place in the listing is written down.</summary>
    private const int PagesPerCheckpoint = 20;
    private const int RefusedShown = 20;
    private const int HintsAtOnce = 500;

    /// <summary>One object of a lot, fetched: its bytes, or why there are none.</summary>
    private readonly record struct Fetched(BucketEntry Entry, byte[]? Bytes, string? Problem, bool Gone);

    /// <summary>A lot on its way. With it the listing is done up to a key, which is the so-manieth; null for a lot beside the listing.</summary>
    private sealed record Lot(Task<Fetched[]> Objects, string? UpTo, long Listed);

    private async Task<KnownObjects> LoadAsync(CancellationToken cancellationToken)
    {
        var known = new KnownObjects();
        foreach (var segment in state.State.Segments.ToArray())
        {
            var key = ObjectKeys.SourceSegment(_dataset.Name, _name, segment.Number);
            var bytes = await objects.GetAsync(key, cancellationToken);
            var hashes = bytes is { } found ? await Task.Run(() => KnownObjects.FromBytes(found.Span), cancellationToken) : null;
            if (hashes is null) Forgotten(logger, this.GetPrimaryKeyString(), key);
            else known.Load(segment, hashes);
        }
        state.State.Segments = [.. known.Segments];
        return known;
    }

    /// <summary>Reads the bucket to its end, from where the last reading stopped. The next lot is fetched while one is taken in.</summary>
    private async Task ReadBucketAsync(CancellationToken cancellationToken)
    {
        (_syncing, _due) = (true, time.GetUtcNow() + options.ReconcileInterval);
        _listed = state.State.ListedUpTo is null ? 0 : state.State.Listed;
        var (after, pages, fresh, bytes) = (state.State.ListedUpTo, 0, 0L, 0L);
        var waiting = new List<BucketEntry>();
        Lot? lot = null;
        while (true)
        {
            var page = await buckets.ListAsync(_place, after, cancellationToken);
            foreach (var entry in page.Entries)
            {
                // A browser makes such an object to show a folder.
                var isNew = !(entry.Size == 0 && entry.Key.EndsWith('/')) && !_known!.Contains(KnownObjects.HashOf(entry.Key, entry.ETag));
                if (isNew && waiting.Count > 0 && bytes + Cost(entry) > options.LotBytes) await TurnAsync();
                (after, _listed) = (entry.Key, _listed + 1);
                if (!isNew) continue;
                waiting.Add(entry);
                (bytes, fresh) = (bytes + Cost(entry), fresh + 1);
                if (waiting.Count >= options.LotSize) await TurnAsync();
            }
            if (!page.More) break;
            await TakeHintsAsync(cancellationToken);
            if (++pages % PagesPerCheckpoint != 0 || waiting.Count > 0 || lot is not null) continue;
            (state.State.ListedUpTo, state.State.Listed) = (after, _listed);
            await state.WriteStateAsync(CancellationToken.None);
        }
        if (waiting.Count > 0) await TurnAsync();
        if (lot is not null) await TakeAsync(lot, cancellationToken);
        (state.State.ListedUpTo, state.State.ListedLast, state.State.LastSync) = (null, _listed, time.GetUtcNow());
        state.State.Syncs++;
        await state.WriteStateAsync(CancellationToken.None);
        if (fresh > 0) Synced(logger, this.GetPrimaryKeyString(), state.State.ListedLast, fresh);

        async Task TurnAsync()
        {
            var (before, next) = (lot, Fetch(waiting, after, cancellationToken));
            (lot, waiting, bytes) = (next, [], 0);
            if (before is null) return;
            try
            {
                await TakeAsync(before, cancellationToken);
            }
            catch
            {
                // What was being fetched is not needed any more; the reason is that of the lot before.
                await next.Objects.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                throw;
            }
        }
    }

    private long Cost(BucketEntry entry) => entry.Size > intake.MaxImageBytes ? 0 : entry.Size;

    /// <summary>Looks at what notifications named: the bucket says what is there, not they.</summary>
    private async Task TakeHintsAsync(CancellationToken cancellationToken)
    {
        while (_hints.Count > 0)
        {
            var keys = _hints.Take(HintsAtOnce).ToArray();
            var found = await Task.Run(async () =>
            {
                var entries = new BucketEntry?[keys.Length];
                await Parallel.ForAsync(0, keys.Length, new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken }, async (i, token) => entries[i] = await buckets.FindAsync(_place, keys[i], token));
                return entries.OfType<BucketEntry>().OrderBy(e => e.Key, StringComparer.Ordinal).ToArray();
            }, cancellationToken);
            var fresh = found.Where(e => !_known!.Contains(KnownObjects.HashOf(e.Key, e.ETag))).ToList();
            while (fresh.Count > 0)
            {
                var (count, bytes) = (0, 0L);
                while (count < fresh.Count && count < options.LotSize && (count == 0 || bytes + Cost(fresh[count]) <= options.LotBytes)) bytes += Cost(fresh[count++]);
                await TakeAsync(Fetch(fresh[..count], null, cancellationToken), cancellationToken);
                fresh.RemoveRange(0, count);
            }
            _hints.ExceptWith(keys);
        }
    }

    private Lot Fetch(List<BucketEntry> entries, string? upTo, CancellationToken cancellationToken) => new(Task.Run(async () =>
    {
        var fetched = new Fetched[entries.Count];
        await Parallel.ForAsync(0, entries.Count, new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken }, async (i, token) =>
        {
            var entry = entries[i];
            if (entry.Size > intake.MaxImageBytes) fetched[i] = TooLarge(entry);
            else if (await buckets.ReadAsync(_place, entry.Key, intake.MaxImageBytes, token) is not { } read) fetched[i] = new Fetched(entry, null, "It was gone when it was to be fetched.", true);
            // It may have been replaced since it was listed: what came counts.
            else fetched[i] = read.Bytes is null ? TooLarge(read.Entry) : new Fetched(read.Entry, read.Bytes, null, false);
        });
        return fetched;
    }, cancellationToken), upTo, _listed);

    private Fetched TooLarge(BucketEntry entry) => new(entry, null, $"It has {entry.Size} bytes and the limit is {intake.MaxImageBytes}. Shrink it and put it there again.", false);

    /// <summary>Takes a lot in, then writes down that it is known. Cut off between the two, it is taken in again to no effect.</summary>
    private async Task TakeAsync(Lot lot, CancellationToken cancellationToken)
    {
        var fetched = await lot.Objects;
        var images = fetched.Where(f => f.Bytes is not null).Select(f => new ArrivedImage(NameOf(f.Entry.Key), f.Bytes!, LabelOf(f.Entry.Key), state.State.Source!.Partition)).ToArray();
        var hashes = fetched.Where(f => !f.Gone).Select(f => KnownObjects.HashOf(f.Entry.Key, f.Entry.ETag)).Distinct().Where(h => !_known!.Contains(h)).ToArray();
        var results = images.Length == 0 ? [] : await intake.TakeAsync(_dataset, OperationOf(hashes), $"source/{_name}", images, cancellationToken);

        var now = state.State;
        IReadOnlyList<KnownSegment> replaced = [];
        if (hashes.Length > 0)
        {
            (var segment, var merged, replaced) = _known!.Plan(hashes, now.NextSegment);
            await objects.PutAsync(ObjectKeys.SourceSegment(_dataset.Name, _name, segment.Number), await Task.Run(() => KnownObjects.ToBytes(merged), cancellationToken), cancellationToken);
            _known.Apply(segment, merged, replaced);
            (now.Segments, now.NextSegment) = ([.. _known.Segments], now.NextSegment + 1);
        }
        Count(fetched, results);
        if (lot.UpTo is not null) (now.ListedUpTo, now.Listed) = (lot.UpTo, lot.Listed);
        await state.WriteStateAsync(CancellationToken.None);
        // Nothing refers to them any more. What a crash leaves here goes with its source.
        foreach (var old in replaced) await objects.DeleteAsync(ObjectKeys.SourceSegment(_dataset.Name, _name, old.Number), cancellationToken);
    }

    private void Count(Fetched[] fetched, IReadOnlyList<IngestResult> results)
    {
        var now = state.State;
        now.Taken += results.Count(r => r.Status == IngestStatus.Accepted);
        now.Duplicates += results.Count(r => r.Status == IngestStatus.Duplicate);
        now.Quarantined += results.Count(r => r.Status == IngestStatus.Quarantined);
        foreach (var f in fetched.Where(f => f.Problem is not null))
        {
            if (f.Gone) now.Vanished++;
            else now.Refused++;
            now.LatestRefused.Add(new RefusedObject(f.Entry.Key, f.Problem!));
        }
        if (now.LatestRefused.Count > RefusedShown) now.LatestRefused.RemoveRange(0, now.LatestRefused.Count - RefusedShown);
    }

    private string NameOf(string key) => key.Length > _place.Prefix.Length ? key[_place.Prefix.Length..].TrimStart('/') : key;

    private string? LabelOf(string key)
    {
        var slash = key.LastIndexOf('/');
        if (!state.State.Source!.LabelsFromFolders || slash <= 0) return null;
        var folder = key[(key.LastIndexOf('/', slash - 1) + 1)..slash];
        return FolderName.IsHidden(folder) ? null : FolderName.ToClass(folder);
    }

    /// <summary>The same objects under the same source are the same operation.</summary>
    private Guid OperationOf(ulong[] hashes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{this.GetPrimaryKeyString()}/{state.State.Id:n}"));
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        foreach (var h in hashes)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, h);
            hash.AppendData(bytes);
        }
        return new Guid(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
