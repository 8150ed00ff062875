using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Images;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Objects;
using Winnow.Adapters.Scoring;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Adapters.Tests.Ledger.Postgres;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Backup;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Security;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>A ledger and an object store of a test's own, and a small dataset with something of everything.</summary>
internal sealed class BackupStore : IAsyncDisposable
{
    public const int Images = 60;
    private const string Source = "cats";

    private readonly TemporaryFolder _folder;
    private readonly IAsyncDisposable _opened;

    private BackupStore(ILedgerPorts ports, IAsyncDisposable opened, TemporaryFolder folder)
    {
        (Ports, _opened, _folder) = (ports, opened, folder);
        Objects = new FileObjectStore(ObjectFolder);
        Backup = new DatasetBackup(
            Datasets, Shards, Ports.Acts, Ports.Deletions, States, Objects, new OnnxModelExporter(),
            new DecoderHeaders(new ImageDecoder(new ImageLimits(), Time), new ImageLimits()), new RestoreOptions { AtOnce = 4 },
            null!, Time, NullLogger<DatasetBackup>.Instance);
    }

    /// <summary>A month after everything in it happened.</summary>
    public static TimeProvider Time { get; } = new FakeTimeProvider(LedgerRows.Noon.AddDays(30));

    public ILedgerPorts Ports { get; }
    public IDatasetLedger Datasets => Ports.Datasets;
    public IShardLedger Shards => Ports.Shards;
    public IGrainStateStore States => Ports.States;
    public FileObjectStore Objects { get; }
    public DatasetBackup Backup { get; }
    public string ObjectFolder => _folder.At("objects");

    /// <param name="quick">Whether nothing that is written needs to outlive the machine: then it is kept in memory, where there is such a
    /// place.</param>
    /// <param name="raised">Whether the cluster is at the newest level.</param>
    public static BackupStore OpenSqlite(bool quick = false, bool raised = true)
    {
        var folder = new TemporaryFolder(quick && Directory.Exists("/dev/shm") ? "/dev/shm" : null);
        var ledger = SqliteLedger.Open(new LedgerOptions { Path = folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance);
        // Of this release alone: labels are sets of annotations.
        if (raised) ((IClusterLevel)ledger).RaiseAsync(ClusterLevels.Newest, CancellationToken.None).GetAwaiter().GetResult();
        return Of(ledger, folder);
    }

    /// <param name="raised">Whether the cluster is at the newest level.</param>
    public static async Task<BackupStore> OpenPostgresAsync(bool raised = true)
    {
        var ledger = await new PostgresLedgerFixture().OpenAsync();
        if (raised) await ((IClusterLevel)ledger).RaiseAsync(ClusterLevels.Newest, CancellationToken.None);
        return Of(ledger, new TemporaryFolder());
    }

    private static BackupStore Of<T>(T ledger, TemporaryFolder folder)
        where T : IDatasetLedger, IShardLedger, ISecretLedger, IDeletions, IErasures, IActLedger, IClusterLevel, IGrainStateStore,
            IAsyncDisposable =>
        new(new LedgerPorts<T>(ledger), ledger, folder);

    public static ImageId Id(int n) => SampleDataset.Id(n);

    public async Task<byte[]> WriteAsync(string dataset = Source)
    {
        using var archive = new MemoryStream();
        var info = (await Datasets.FindDatasetAsync(dataset, CancellationToken.None))!;
        await Backup.WriteAsync(info, new ContentCaller("ada", PermissionSet.All), archive,
            CancellationToken.None);
        return archive.ToArray();
    }

    public Task<RestoredDataset> RestoreAsync(byte[] archive, string? name = null, bool alikeClasses = false) =>
        Backup.RestoreAsync(name, alikeClasses, "eve", new MemoryStream(archive), CancellationToken.None);

    /// <summary>Removes a dataset with everything that is kept of it.</summary>
    public async Task RemoveAsync(string dataset)
    {
        await foreach (var (key, _) in Objects.ListAsync($"datasets/{dataset}/", CancellationToken.None)) await Objects.DeleteAsync(
            key, CancellationToken.None);
        var deletions = Ports.Deletions;
        var deletion = (await deletions.BeginAsync(dataset, "ada", DateTimeOffset.UnixEpoch, CancellationToken.None))!;
        foreach (var shard in await Datasets.ListShardsAsync(deletion.Left, CancellationToken.None))
            while (await deletions.RemoveRowsAsync(deletion, shard, CancellationToken.None)) { }
        Assert.True(await deletions.EndAsync(deletion, DateTimeOffset.UnixEpoch, CancellationToken.None));
    }

    public async Task<VerificationReport> VerifyAsync(string dataset = Source, bool hash = false)
    {
        VerificationReport? report = null;
        await foreach (var step in Backup.VerifyAsync((await Datasets.FindDatasetAsync(dataset, CancellationToken.None))!, hash, false,
            CancellationToken.None)) report = step.Report;
        return report!;
    }

    /// <summary>Four shards with something of everything.</summary>
    public Task<BackupStore> FillAsync() => FillAsync(LedgerRows.Dataset(Source), Images);

    /// <summary>A dataset with something of everything.</summary>
    public async Task<BackupStore> FillAsync(DatasetInfo dataset, int images)
    {
        await new SampleDataset(Ports, Objects, dataset, images).FillAsync();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _opened.DisposeAsync();
        Objects.Dispose();
        _folder.Dispose();
    }
}
