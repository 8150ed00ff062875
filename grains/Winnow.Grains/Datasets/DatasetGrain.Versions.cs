using System.Security.Cryptography;
using System.Text.Json;
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

    public Task<DatasetVersion> CreateVersionAsync(CreateVersion command, Guid operationId, string actor, CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        if (state.State.Versions.Find(v => v.OperationId == operationId) is { } same) return same.Version;
        var number = state.State.Versions.Count + 1;
        // A manifest whose version never got into the state is overwritten by the next try: nothing refers to it.
        var (images, labeled, sha256) = await WriteManifestAsync(number, cancellationToken);
        var made = new DatasetVersion(number, command.Note, time.GetUtcNow(), actor, images, labeled, sha256, number == 1 ? null : number - 1);
        state.State.Versions.Add(new VersionEntry { OperationId = operationId, Version = made });
        await WriteAsync();
        logger.VersionMade(_dataset.Name, number, images, labeled, sha256);
        return made;
    }, cancellationToken);

    private async Task<(long Images, long Labeled, string Sha256)> WriteManifestAsync(int number, CancellationToken cancellationToken)
    {
        long images = 0, labeled = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await objects.PutAsync(ObjectKeys.Manifest(_dataset.Name, number), async (stream, ct) =>
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
