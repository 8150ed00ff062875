using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Winnow.Grains.Acts;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Grains.Backup;

/// <summary>Verifies one dataset: its shards one after the other, then models and versions, then every object in its place.</summary>
internal sealed class DatasetVerifier(IShardLedger ledger, IActLedger acts, IGrainStateStore states, IObjectStore objects,
    IGrainFactory grains, DatasetInfo dataset, bool hash, bool repair)
{
    private readonly FindingBook _findings = new();
    private readonly DatasetPlace _place = new(dataset.Name);
    private readonly HashSet<string> _referred = new(StringComparer.Ordinal);

    public async IAsyncEnumerable<VerificationStep> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // At once: whoever waits for the first word learns that the work has begun.
        yield return new VerificationStep(0, dataset.Shards.Count, 0, null);
        var (images, history) = (0L, 0L);
        for (var shard = 0; shard < dataset.Shards.Count; shard++)
        {
            var verifier = new ShardVerifier(ledger, objects, grains, dataset, dataset.Shards.First + shard, hash, repair, _findings);
            await verifier.RunAsync(_referred, cancellationToken).ConfigureAwait(false);
            images += verifier.Images;
            history += verifier.History;
            yield return new VerificationStep(shard + 1, dataset.Shards.Count, images, null);
        }
        await VerifyActsAsync(cancellationToken).ConfigureAwait(false);
        await VerifyControlAsync(cancellationToken).ConfigureAwait(false);
        var all = await WalkAsync(cancellationToken).ConfigureAwait(false);
        var found = _findings.ToList();
        yield return new VerificationStep(dataset.Shards.Count, dataset.Shards.Count, images,
            new VerificationReport(found.All(f => f.Expected), images, history, all, hash, found));
    }

    /// <summary>Each act has the number behind the one before it, and what its record's hashes are of.</summary>
    private async Task VerifyActsAsync(CancellationToken cancellationToken)
    {
        foreach (var stream in await BackupActs.StreamsAsync(acts, dataset.Name, cancellationToken).ConfigureAwait(false))
        {
            var last = 0L;
            await foreach (var (sequence, act) in BackupActs.ReadAsync(acts, stream, cancellationToken).ConfigureAwait(false))
            {
                var what = string.Create(CultureInfo.InvariantCulture, $"{stream.Name} {sequence}");
                if (sequence != ++last) _findings.Add(FindingKind.ActDamaged, $"{what}: the acts before it are missing.");
                else if (ActRecords.Check(act, DateTimeOffset.MaxValue) is { } wrong)
                    _findings.Add(FindingKind.ActDamaged, $"{what}: {wrong}");
                last = sequence;
            }
        }
    }

    private async Task VerifyControlAsync(CancellationToken cancellationToken)
    {
        var control = await BackupControl.ReadAsync(states, dataset.Name, cancellationToken).ConfigureAwait(false);
        foreach (var version in control.Dataset.Versions)
        {
            _referred.Add(version.ManifestKey);
            var what = $"version {version.Version.Number}: {version.ManifestKey}";
            var (sha256, problem) = await HashOfAsync(version.ManifestKey, cancellationToken).ConfigureAwait(false);
            if (problem is not null) _findings.Add(FindingKind.ManifestDamaged, $"{what}: {problem}");
            else if (sha256 is null) _findings.Add(FindingKind.ManifestMissing, what);
            else if (sha256 != version.Version.ManifestSha256) _findings.Add(FindingKind.ManifestDamaged, what);
        }
        foreach (var key in _place.ObjectsOf(control))
        {
            if (!_referred.Add(key)) continue;
            var (sha256, problem) = await HashOfAsync(key, cancellationToken).ConfigureAwait(false);
            if (problem is not null) _findings.Add(FindingKind.ModelDamaged, $"{key}: {problem}");
            else if (sha256 is null) _findings.Add(FindingKind.ModelMissing, key);
            else if (BackupPlaces.HashOf(_place.Relative(key)) is { } promised && promised != sha256)
                _findings.Add(FindingKind.ModelDamaged, key);
        }
    }

    /// <summary>The hash of an object, null where there is none; and why it cannot be read, where it is there and cannot.</summary>
    private async Task<(string? Sha256, string? Problem)> HashOfAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var stream = await objects.OpenReadAsync(key, cancellationToken).ConfigureAwait(false);
            if (stream is null) return (null, null);
            await using (stream.ConfigureAwait(false))
                return (Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false)), null);
        }
        catch (ObjectUnreadableException refused)
        {
            return (null, refused.Message);
        }
    }

    /// <summary>Every object in the dataset's place: what is not referred to has a reason, or is unknown.</summary>
    private async Task<long> WalkAsync(CancellationToken cancellationToken)
    {
        var objectsInPlace = 0L;
        await foreach (var (key, size) in objects.ListAsync(_place.Folder, cancellationToken).ConfigureAwait(false))
        {
            objectsInPlace++;
            if (_referred.Contains(key)) continue;
            var relative = _place.Relative(key);
            switch (relative[..(relative.IndexOf('/') + 1)])
            {
                case "images/" when ImageId.TryParse(relative[(relative.LastIndexOf('/') + 1)..], out var id)
                    && key == ObjectKeys.Image(dataset.Name, id):
                    // Held against its row by its shard.
                    break;
                case "derived/":
                    _findings.Add(FindingKind.Copies, key, size);
                    break;
                case "sources/":
                    _findings.Add(FindingKind.SourceObjects, key, size);
                    break;
                case "segments/" or "models/" or "projections/" or "versions/":
                    _findings.Add(FindingKind.Superseded, key, size);
                    break;
                default:
                    _findings.Add(FindingKind.UnknownObject, key, size);
                    break;
            }
        }
        await foreach (var (key, size) in objects.ListAsync($"uploads/{dataset.Name}/", cancellationToken)
            .ConfigureAwait(false)) _findings.Add(FindingKind.StagedUploads, key, size);
        return objectsInPlace;
    }
}
