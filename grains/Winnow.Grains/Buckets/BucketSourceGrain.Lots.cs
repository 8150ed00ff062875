using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Grains.Buckets;

/// <summary>How a source lists, fetches and hands over.</summary>
internal sealed partial class BucketSourceGrain
{
    /// <summary>Pages without anything new after which the place in the listing is written down.</summary>
    private const int PagesPerCheckpoint = 20;
    private const int HintsAtOnce = 500;
    /// <summary>So many objects in a row that cannot be read, and none that can: then it is the server and not they.</summary>
    private const int BrokenInRow = 3;

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
        var started = time.GetUtcNow();
        // Due until it has been read to its end: one that is cut short is tried again soon, whoever asked for it.
        (_syncing, _asked, _due) = (true, false, DateTimeOffset.MinValue);
        (_listed, _placeholders) = state.State.ListedUpTo is null ? (0, 0) : (state.State.Listed, state.State.Placeholders);
        if (_retryWaiting || started >= _retryWaitingAt)
        {
            _waiting.Clear();
            (_retryWaiting, _retryWaitingAt) = (false, started + options.RetryRefusedInterval);
        }
        var (after, pages, fresh, bytes) = (state.State.ListedUpTo, 0, 0L, 0L);
        var waiting = new List<BucketEntry>();
        BucketLot? lot = null;
        try
        {
            await ReadPagesAsync();
            if (waiting.Count > 0) await TurnAsync();
            if (lot is not null) await TakeAsync(lot, cancellationToken);
        }
        finally
        {
            // One that was being fetched when another failed is not needed any more.
            if (lot is not null) await lot.DisposeAsync();
        }
        (state.State.ListedUpTo, state.State.ListedLast, state.State.LastSync) = (null, _listed, time.GetUtcNow());
        (state.State.Placeholders, state.State.Waiting) = (_placeholders, _waiting.Count);
        state.State.Syncs++;
        await state.WriteStateAsync(CancellationToken.None);
        // Only now: one that was cut short goes on as soon as it can.
        _due = started + options.ReconcileInterval;
        if (fresh > 0) Synced(logger, this.GetPrimaryKeyString(), state.State.ListedLast, fresh);

        async Task ReadPagesAsync()
        {
            while (true)
            {
                var page = await buckets.ListAsync(_place, after, cancellationToken);
                foreach (var entry in page.Entries)
                {
                    var placeholder = IsPlaceholder(entry);
                    if (placeholder) _placeholders++;
                    var isNew = !placeholder && IsNew(entry);
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
        }

        async Task TurnAsync()
        {
            var before = lot;
            (lot, waiting, bytes) = (Fetch(waiting, after, cancellationToken), [], 0);
            if (before is not null) await TakeAsync(before, cancellationToken);
        }
    }

    /// <summary>Browsers and Hadoop make such objects to show a folder, and exports to tell about themselves.</summary>
    private static bool IsPlaceholder(BucketEntry entry) =>
        entry.Size == 0 && (entry.Key.EndsWith('/') || entry.Key.EndsWith("_$folder$", StringComparison.Ordinal))
        || ExportNames.IsNote(entry.Key[(entry.Key.LastIndexOf('/') + 1)..]);

    /// <summary>
    /// Why an object of an export that was put into the bucket is left out, as a sentence; null for all others. What models are measured on
    /// is never learned from; what they learn from is measured on where the source names the folder itself.
    /// </summary>
    private string? LeaveOut(string key) => _partition switch
    {
        Partition.Pool when ExportNames.PartitionOf(key) == Partition.Holdout =>
            "An export holds it to measure models on. Add a source for its folder alone, with the partition holdout.",
        Partition.Holdout when ExportNames.PartitionOf(NameOf(key)) == Partition.Pool =>
            "An export holds it for models to learn from. Add a source for its folder alone.",
        _ => null,
    };

    private bool IsNew(BucketEntry entry) =>
        KnownObjects.HashOf(entry.Key, entry.ETag) is var hash && !_known!.Contains(hash) && !_waiting.Contains(hash);

    private long Cost(BucketEntry entry) => entry.Size > intake.MaxImageBytes ? 0 : entry.Size;

    /// <summary>Looks at what notifications named: the bucket says what is there, not they.</summary>
    private async Task TakeHintsAsync(CancellationToken cancellationToken)
    {
        while (_hints.Count > 0)
        {
            var keys = _hints.Take(HintsAtOnce).ToArray();
            var looked = await ForEachAsync(keys, key => new BucketEntry(key, "", 0), LookAsync, cancellationToken);
            var unread = looked.Where(f => f.Outcome is Outcome.Refused or Outcome.Failed).ToArray();
            if (unread.Length > 0) await TakeAsync(BucketLot.Of(unread, _listed), cancellationToken);
            var fresh = looked.Where(f => f.Outcome == Outcome.Here && !IsPlaceholder(f.Entry) && !_known!.Contains(f.Hash))
                .Select(f => f.Entry).OrderBy(e => e.Key, StringComparer.Ordinal).ToList();
            while (fresh.Count > 0)
            {
                var (count, bytes) = (0, 0L);
                while (count < fresh.Count && count < options.LotSize && (count == 0 || bytes + Cost(fresh[count]) <= options.LotBytes))
                    bytes += Cost(fresh[count++]);
                await TakeAsync(Fetch(fresh[..count], null, cancellationToken), cancellationToken);
                fresh.RemoveRange(0, count);
            }
            _hints.ExceptWith(keys);
        }
    }

    private BucketLot Fetch(List<BucketEntry> entries, string? upTo, CancellationToken cancellationToken) => BucketLot.Fetch(
        new LotSpaceSet(spaces, $"source/{this.GetPrimaryKeyString()}"),
        (room, stop) => ForEachAsync(entries, entry => entry, (entry, token) => ReadAsync(entry, room, token), stop),
        upTo, _listed, cancellationToken);

    /// <summary>
    /// Asks for objects, several at once. One that is refused or fails is told beside the others; a server that gives none is thrown.
    /// </summary>
    /// <exception cref="IOException">It fails for every object.</exception>
    private Task<Fetched[]> ForEachAsync<T>(
        IReadOnlyList<T> items, Func<T, BucketEntry> entryOf, Func<BucketEntry, CancellationToken, Task<Fetched>> ask,
        CancellationToken cancellationToken) => Task.Run(async () =>
    {
        var (fetched, failed, answered) = (new Fetched[items.Count], 0, 0);
        var many = new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, items.Count, many, async (i, token) =>
        {
            var entry = entryOf(items[i]);
            try
            {
                fetched[i] = await ask(entry, token);
                Interlocked.Increment(ref answered);
            }
            catch (ObjectUnreadableException e)
            {
                fetched[i] = new Fetched(entry, Outcome.Refused, null, FailureText.Told(e));
                Interlocked.Increment(ref answered);
            }
            catch (IOException e)
            {
                fetched[i] = new Fetched(entry, Outcome.Failed, null, FailureText.Told(e));
                if (Interlocked.Increment(ref failed) > BrokenInRow && Volatile.Read(ref answered) == 0) throw;
            }
        });
        return fetched;
    }, cancellationToken);

    private async Task<Fetched> LookAsync(BucketEntry hint, CancellationToken cancellationToken) =>
        await buckets.FindAsync(_place, hint.Key, cancellationToken) is { } entry
        ? new Fetched(entry, Outcome.Here, null, null) : new Fetched(hint, Outcome.Gone, null, null);

    private async Task<Fetched> ReadAsync(BucketEntry entry, LotSpaceSet room, CancellationToken cancellationToken)
    {
        if (entry.Size > intake.MaxImageBytes) return TooLarge(entry);
        if (LeaveOut(entry.Key) is { } other) return new Fetched(entry, Outcome.LeftOut, null, other);
        if (await buckets.ReadAsync(_place, entry.Key, intake.MaxImageBytes, room, cancellationToken) is not { } read)
            return new Fetched(entry, Outcome.Gone, null, "It was gone when it was to be fetched.");
        // It may have been replaced since it was listed: what came counts. A server that does not say so gave what it listed.
        var came = read.Entry.ETag.Length == 0 ? read.Entry with { ETag = entry.ETag } : read.Entry;
        return read.Bytes is null ? TooLarge(came) : new Fetched(came, Outcome.Here, read.Bytes, null);
    }

    private Fetched TooLarge(BucketEntry entry) =>
        new(entry, Outcome.TooLarge, null,
        $"It has {entry.Size} bytes and the limit is {intake.MaxImageBytes}. Shrink it and put it there again.");

    /// <summary>Takes a lot in, then writes down that it is known. Cut off between the two, it is taken in again to no effect.</summary>
    private async Task TakeAsync(BucketLot lot, CancellationToken cancellationToken)
    {
        await using var done = lot;
        var fetched = await lot.Objects;
        var here = fetched.Where(f => f.Outcome == Outcome.Here).ToArray();
        var images = here.Select(f =>
            new ArrivedImage(NameOf(f.Entry.Key), f.Bytes!.Value, LabelOf(f.Entry.Key), _partition) { IsKey = true }).ToArray();
        // All that is taken, whether it was known or not: the id follows from the content, and stands for it.
        var id = OperationOf(here.Select(f => f.Hash));
        var operation = new IngestOperation(id, $"source/{_name}", id);
        var results = images.Length == 0 ? [] : await intake.TakeAsync(_dataset, operation, images, cancellationToken);
        (fetched, here, results) = PutOff(fetched, here, results);
        var settled = fetched.Where(f => f.Outcome is Outcome.Here or Outcome.TooLarge or Outcome.LeftOut).Select(f => f.Hash).Distinct();
        var hashes = settled.Where(h => !_known!.Contains(h)).ToArray();

        var now = state.State;
        IReadOnlyList<KnownSegment> replaced = [];
        if (hashes.Length > 0)
        {
            (var segment, var merged, replaced) = _known!.Plan(hashes, now.NextSegment);
            var bytes = await Task.Run(() => KnownObjects.ToBytes(merged), cancellationToken);
            await objects.PutAsync(ObjectKeys.SourceSegment(_dataset.Name, _name, segment.Number), bytes, cancellationToken);
            _known.Apply(segment, merged, replaced);
            (now.Segments, now.NextSegment) = ([.. _known.Segments], now.NextSegment + 1);
        }
        Count(fetched, here, results);
        if (lot.UpTo is not null) (now.ListedUpTo, now.Listed, now.Placeholders) = (lot.UpTo, lot.Listed, _placeholders);
        await state.WriteStateAsync(CancellationToken.None);
        // Nothing refers to them any more. What a crash leaves here goes with its source.
        foreach (var old in replaced)
            await objects.DeleteAsync(ObjectKeys.SourceSegment(_dataset.Name, _name, old.Number), cancellationToken);
    }

    /// <summary>What the cluster's own store could not keep waits, as what cannot be read does: it is no object that is known.</summary>
    private static (Fetched[] All, Fetched[] Here, IReadOnlyList<IngestResult> Results) PutOff(
        Fetched[] fetched, Fetched[] here, IReadOnlyList<IngestResult> results)
    {
        if (results.All(r => r.Status != IngestStatus.LeftOut)) return (fetched, here, results);
        var kept = Enumerable.Range(0, here.Length).Where(i => results[i].Status != IngestStatus.LeftOut).ToArray();
        var unkept = here.Index().Where(f => results[f.Index].Status == IngestStatus.LeftOut)
            .Select(f => f.Item with { Outcome = Outcome.Refused, Problem = results[f.Index].Reason });
        return ([.. fetched.Where(f => f.Outcome != Outcome.Here), .. kept.Select(i => here[i]), .. unkept],
            [.. kept.Select(i => here[i])], [.. kept.Select(i => results[i])]);
    }

    /// <summary>
    /// What stands behind the prefix. A slash that parts the two belongs to neither; any other is the key's own, and makes it another.
    /// </summary>
    private string NameOf(string key)
    {
        var prefix = _place.Prefix;
        if (key.Length <= prefix.Length) return key;
        var parted = prefix.Length > 0 && !prefix.EndsWith('/') && key[prefix.Length] == '/' && key.Length > prefix.Length + 1;
        return key[(prefix.Length + (parted ? 1 : 0))..];
    }

    private string? LabelOf(string key)
    {
        var slash = key.LastIndexOf('/');
        if (!state.State.Source!.LabelsFromFolders || slash <= 0) return null;
        var folder = key[(key.LastIndexOf('/', slash - 1) + 1)..slash];
        return FolderName.IsHidden(folder) ? null : FolderName.ToClass(folder);
    }

    /// <summary>The same objects under the same source are the same operation.</summary>
    private Guid OperationOf(IEnumerable<ulong> hashes)
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
