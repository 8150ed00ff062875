using System.Security.Cryptography;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Datasets;

/// <summary>Immutable snapshots. The manifest lists every image in the order of ids, so equal content gives equal bytes and an equal hash.</summary>
internal sealed partial class DatasetGrain
{
    private const int ManifestPage = 5_000;
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    public Task<DatasetVersion[]> GetVersionsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<DatasetVersion[]>([.. state.State.Versions.Select(v => v.Version)]);

    public Task<StoredVersion?> FindVersionAsync(int number, CancellationToken cancellationToken) =>
        Task.FromResult(state.State.Versions.Find(v => v.Version.Number == number) is { } v ? new StoredVersion(v.Version, v.ManifestKey) : null);

    public Task<DatasetVersion> CreateVersionAsync(CreateVersion command, Guid operationId, string actor, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        if (state.State.Versions.Find(v => v.OperationId == operationId) is { } same) return same.Version;
        var number = state.State.Versions.Count + 1;
        // Each activation writes under a key of its own: one that was cut off cannot touch what its successor settled. What nothing refers to is litter, no harm.
        var key = ObjectKeys.Manifest(_dataset.Name, number, GrainContext.ActivationId.ToParsableString().TrimStart('@'));
        var (images, labeled, sha256) = await WriteManifestAsync(key, cancellationToken);
        var made = new DatasetVersion(number, command.Note, time.GetUtcNow(), actor, images, labeled, sha256, number == 1 ? null : number - 1);
        state.State.Versions.Add(new VersionEntry { OperationId = operationId, Version = made, ManifestKey = key });
        await WriteAsync();
        logger.VersionMade(_dataset.Name, number, images, labeled, sha256);
        return made;
    }, cancellationToken);

    private async Task<(long Images, long Labeled, string Sha256)> WriteManifestAsync(string key, CancellationToken cancellationToken)
    {
        long images = 0, labeled = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await objects.PutAsync(key, async (stream, ct) =>
        {
            async Task LineAsync(byte[] line)
            {
                hash.AppendData(line);
                hash.AppendData(NewLine);
                await stream.WriteAsync(line, ct);
                await stream.WriteAsync(NewLine, ct);
            }

            await LineAsync(JsonSerializer.SerializeToUtf8Bytes(new ManifestHeader("winnow-manifest", 1, _dataset.Name, _dataset.Schema), ModelJson.Default.ManifestHeader));
            foreach (var shard in Shards<IShardIngest>())
            {
                for (var at = 0; at >= 0;)
                {
                    var page = await shard.ListForManifestAsync(at, ManifestPage, ct);
                    foreach (var image in page.Images)
                    {
                        var label = image.Label < 0 ? null : _dataset.Schema.Classes[image.Label].Name;
                        await LineAsync(JsonSerializer.SerializeToUtf8Bytes(new ManifestRow(image.Id, image.Name, image.Partition, image.Stage, label, image.HistoryVersion, image.Audit), ModelJson.Default.ManifestRow));
                        images++;
                        if (label is not null) labeled++;
                    }
                    at = page.NextOrdinal;
                }
            }
        }, cancellationToken);
        return (images, labeled, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
