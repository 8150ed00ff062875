using System.IO.Hashing;
using System.Security.Cryptography;
using Winnow.Abstractions.Images;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Backup;

/// <summary>
/// Holds the rows of one shard against its objects while it is worked with. What refers to something is read before what it refers to:
/// history, then images, then bytes. Bytes without a row are looked for once more among the rows that came meanwhile.
/// </summary>
internal sealed class ShardVerifier(IShardLedger ledger, IObjectStore objects, IGrainFactory grains, DatasetInfo dataset, int number,
    bool hash, bool repair, FindingBook findings)
{
    /// <summary>Folders of images in a dataset: the first ten bits of their ids, in two characters.</summary>
    private const int Folders = 1_024;
    private const int ReadsAtOnce = 8;
    private const int ListingsAtOnce = 16;
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    private readonly ShardKey _shard = new(dataset.Name, number);
    private readonly Dictionary<ImageId, long> _unseen = [];

    /// <summary>Image rows.</summary>
    public int Images { get; private set; }

    /// <summary>Entries of history.</summary>
    public long History { get; private set; }

    public async Task RunAsync(HashSet<string> referred, CancellationToken cancellationToken)
    {
        var segments = await ledger.ReadSegmentsAsync(_shard, cancellationToken).ConfigureAwait(false);
        await ReadRowsAsync(cancellationToken).ConfigureAwait(false);
        await VerifyFactsAsync(cancellationToken).ConfigureAwait(false);
        await VerifyImagesAsync(cancellationToken).ConfigureAwait(false);
        foreach (var segment in segments) referred.Add(segment.ObjectKey);
        await VerifySegmentsAsync(segments, cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadRowsAsync(CancellationToken cancellationToken)
    {
        var decided = new Dictionary<int, ImageId>();
        await foreach (var entry in ledger.ReadShardHistoryAsync(_shard, cancellationToken).ConfigureAwait(false))
        {
            History++;
            CheckLabel(HistoryRow.MayBe(entry.Label, dataset.Schema), entry.Label, entry.Image);
            if (!decided.TryAdd(entry.Ordinal, entry.Image) && decided[entry.Ordinal] != entry.Image)
                findings.Add(FindingKind.HistoryWithoutImage, $"{entry.Image} in shard {number}");
        }
        Images = await ledger.CountImagesAsync(_shard, cancellationToken).ConfigureAwait(false);
        await foreach (var image in ledger.ReadImagesAsync(_shard, 0, Images, cancellationToken).ConfigureAwait(false))
        {
            _unseen[image.Row.Id] = image.Row.Bytes;
            CheckLabel(image.Row.Label >= -1 && image.Row.Label < dataset.Schema.Classes.Count, image.Row.Label, image.Row.Id);
            if (decided.Remove(image.Ordinal, out var named) && named != image.Row.Id)
                findings.Add(FindingKind.HistoryWithoutImage, $"{named} in shard {number}");
        }
        foreach (var lost in decided.Values) findings.Add(FindingKind.HistoryWithoutImage, $"{lost} in shard {number}");
    }

    private void CheckLabel(bool sound, int label, ImageId image)
    {
        if (!sound)
            findings.Add(FindingKind.LabelOfNoClass, $"{image} in shard {number}: class {label} of {dataset.Schema.Classes.Count}");
    }

    /// <summary>
    /// Facts of every kind, those that no release knows yet too: each is about an image of the shard, and has the hash it came with.
    /// </summary>
    private async Task VerifyFactsAsync(CancellationToken cancellationToken)
    {
        await foreach (var fact in ledger.ReadFactsAsync(_shard, cancellationToken).ConfigureAwait(false))
        {
            var what = $"{fact.Id.Kind} '{fact.Id.Key}' of {fact.Image} in shard {number}";
            if (fact.Id.Ordinal >= 0 && !_unseen.ContainsKey(fact.Image)) findings.Add(FindingKind.FactDamaged, what);
            else if (fact.Payload is { } payload && !SHA256.HashData(payload).AsSpan().SequenceEqual(fact.Sha256))
                findings.Add(FindingKind.FactDamaged, what, payload.Length);
        }
    }

    private async Task VerifyImagesAsync(CancellationToken cancellationToken)
    {
        var strangers = new Dictionary<ImageId, long>();
        var whole = new List<ImageId>();
        var share = Folders / dataset.Shards.Count;
        var first = (number - dataset.Shards.First) * share;
        var book = new Lock();
        // Most folders of a small dataset are empty, and a store over a network takes its time to say so.
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = ListingsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(first, first + share, atOnce, async (folder, token) =>
        {
            var prefix = $"{ObjectKeys.ImageFolder(dataset.Name)}{Alphabet[folder >> 5]}{Alphabet[folder & 31]}/";
            await foreach (var (key, size) in objects.ListAsync(prefix, token).ConfigureAwait(false))
            {
                // What bears no id, or stands in another's folder, is found where all objects are walked.
                if (!ImageId.TryParse(key[(key.LastIndexOf('/') + 1)..], out var id) || key != ObjectKeys.Image(dataset.Name, id)) continue;
                lock (book) Meet(id, size);
            }
        }).ConfigureAwait(false);
        foreach (var lost in _unseen.Keys) findings.Add(FindingKind.ImageBytesMissing, lost.ToString());
        await HashAsync(whole, cancellationToken).ConfigureAwait(false);
        if (strangers.Count == 0) return;
        await foreach (var late in ledger.ReadImagesAsync(_shard, Images, int.MaxValue, cancellationToken)
            .ConfigureAwait(false)) strangers.Remove(late.Row.Id);
        foreach (var (id, size) in strangers) findings.Add(FindingKind.ImageBytesWithoutRow, id.ToString(), size);

        void Meet(ImageId id, long size)
        {
            if (!_unseen.Remove(id, out var expected)) strangers[id] = size;
            else if (size != expected)
                findings.Add(FindingKind.ImageBytesDamaged, $"{id}: {size} bytes, and its row says {expected}", size);
            else if (hash) whole.Add(id);
        }
    }

    private async Task HashAsync(List<ImageId> images, CancellationToken cancellationToken)
    {
        var book = new Lock();
        var pass = ContentPass.OfCluster(dataset.Name, ContentPurpose.Check);
        await Parallel.ForEachAsync(images,
            new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken }, async (id, token) =>
        {
            var (bytes, problem) = await StoredImage.ReadAsync(objects, pass, id, token).ConfigureAwait(false);
            if (problem is null) return;
            var kind = problem.IsMissing ? FindingKind.ImageBytesMissing : FindingKind.ImageBytesDamaged;
            lock (book) findings.Add(kind, $"{id}: {problem.Reason}", bytes.Length);
        }).ConfigureAwait(false);
    }

    private async Task VerifySegmentsAsync(IReadOnlyList<SegmentRow> segments, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var (key, size) in objects.ListAsync(ObjectKeys.SegmentFolder(_shard), cancellationToken)
            .ConfigureAwait(false)) sizes[key] = size;
        var broken = new List<FindingKind>();
        foreach (var segment in segments)
        {
            FindingKind? kind = null;
            var why = "not in the object store";
            if (!sizes.TryGetValue(segment.ObjectKey, out var size)) kind = FindingKind.SegmentMissing;
            else if (await DamageOfAsync(segment, size, cancellationToken).ConfigureAwait(false) is { } damage)
                (kind, why) = (FindingKind.SegmentDamaged, damage);
            if (kind is not { } found) continue;
            findings.Add(found, $"{segment.ObjectKey}: {why}", size);
            broken.Add(found);
            // A missing segment is made again when the shard opens; one that is damaged within might be taken for sound.
            if (repair && found == FindingKind.SegmentDamaged)
                await objects.DeleteAsync(segment.ObjectKey, cancellationToken).ConfigureAwait(false);
        }
        if (!repair || broken.Count == 0) return;
        await grains.GetGrain<IShardIngest>(_shard.ToString()).ReopenAsync(cancellationToken).ConfigureAwait(false);
        broken.ForEach(findings.Repaired);
    }

    private async Task<string?> DamageOfAsync(SegmentRow segment, long size, CancellationToken cancellationToken)
    {
        try
        {
            var header = await ReadAsync(segment.ObjectKey, size, cancellationToken).ConfigureAwait(false);
            return header.First == segment.First && header.Count == segment.Count ? null
                : $"holds rows {header.First} to {header.First + header.Count - 1}";
        }
        catch (Exception problem) when (problem is InvalidDataException or ObjectUnreadableException)
        {
            return problem.Message;
        }
    }

    /// <summary>The header, and where asked for all rows. Read and not mapped: a bad block of a mapped file ends the process.</summary>
    private async Task<SegmentHeader> ReadAsync(string key, long size, CancellationToken cancellationToken)
    {
        var head = new byte[SegmentFormat.HeaderSize];
        var stream = await objects.OpenReadAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidDataException("not in the object store");
        await using (stream.ConfigureAwait(false))
        {
            var read = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            var header = SegmentFormat.Read(head.AsSpan(0, read), size);
            if (!hash) return header;
            var checksum = new Crc32();
            await checksum.AppendAsync(stream, cancellationToken).ConfigureAwait(false);
            return SegmentFormat.ChecksumOf(head) == checksum.GetCurrentHashAsUInt32() ? header
                : throw new InvalidDataException("its rows are not those that were written");
        }
    }
}
