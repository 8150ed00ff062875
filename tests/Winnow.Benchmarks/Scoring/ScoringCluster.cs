using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Silo.Hosting;
using Winnow.Testing;

namespace Winnow.Benchmarks.Scoring;

/// <summary>The product in this process, with a dataset whose images get projections and scores as well as embeddings.</summary>
internal sealed class ScoringCluster : IAsyncDisposable
{
    private const string Actor = "benchmark";
    private static readonly string[] Classes = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly WebApplication _host;
    private readonly string _objects;
    private readonly GatedEmbedders _devices;

    private ScoringCluster(WebApplication host, string data, GatedEmbedders devices) =>
        (_host, _objects, _devices) = (host, Path.Combine(data, "objects"), devices);

    /// <param name="data">Folder of its storage.</param>
    /// <param name="devices">Stand in for the silo's own devices.</param>
    public static async Task<ScoringCluster> StartAsync(string data, IEmbedderProvider? devices = null)
    {
        string[] arguments =
        [
            "--Data", data, "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{SiloProcess.FreePort()}"),
            "--Logging:LogLevel:Default", "Warning",
        ];
        var host = WinnowHost.Build(arguments, services =>
        {
            var own = services.Last(s => s.ServiceType == typeof(IEmbedderProvider)).ImplementationType!;
            services.AddSingleton(own);
            services.AddSingleton(p => new GatedEmbedders(devices ?? (IEmbedderProvider)p.GetRequiredService(own)));
            services.AddSingleton<IEmbedderProvider>(p => p.GetRequiredService<GatedEmbedders>());
        });
        await host.StartAsync();
        return new ScoringCluster(host, data, host.Services.GetRequiredService<GatedEmbedders>());
    }

    /// <summary>Asks one device, by its grain, for one image.</summary>
    public Task AskAsync(DatasetInfo dataset, int device, ImageId image, CancellationToken stop) =>
        Grains.GetGrain<IScoringGrain>(new DeviceKey(dataset.Settings.Backbone, Silo, device).ToString())
        .EmbedAsync(new EmbedLot(dataset.Name, [image]), stop);

    private string Silo => _host.Services.GetRequiredService<ILocalSiloDetails>().Name;

    private IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Makes a dataset of images that are in the object store.</summary>
    public async Task<DatasetInfo> StoreAsync(string name, IReadOnlyList<byte[]> images, CancellationToken stop)
    {
        var dataset = await CreateAsync(name, stop);
        await ImportAsync(dataset, images, stop);
        return dataset;
    }

    /// <summary>
    /// Makes a dataset that has a projection and a head, learned from nothing: what a score says does not change what it costs.
    /// </summary>
    public async Task<DatasetInfo> CreateAsync(string name, IReadOnlyList<byte[]> first, CancellationToken stop)
    {
        var dataset = await StoreAsync(name, first, stop);
        await ScoreAsync(dataset, stop);
        var learning = await Grains.GetGrain<IDatasetGrain>(name).PrepareLearningAsync(stop);
        var objects = _host.Services.GetRequiredService<IObjectStore>();
        var projection = Projection.FromBytes((await objects.GetAsync(learning.ProjectionKey!, stop))!.Value.Span);
        var head = new SoftmaxHead(Classes.Length, projection.Dimensions,
            [.. Enumerable.Range(0, Classes.Length * projection.Dimensions).Select(i => MathF.Sin(i))], new float[Classes.Length], 1)
            .ToBytes();
        var key = ObjectKeys.Head(name, "main", 1, Convert.ToHexStringLower(SHA256.HashData(head)));
        await objects.PutAsync(key, head, stop);
        var scored = learning with { Sequence = learning.Sequence + 1, HeadKey = key, ModelName = "main/1" };
        for (var shard = 0; shard < dataset.Settings.Shards; shard++)
            await Grains.GetGrain<IShardLearning>(GrainKeys.Shard(name, shard)).ApplyLearningAsync(scored, stop);
        return dataset;
    }

    /// <summary>Takes images in through the gateway's own part and leaves them waiting; their files in the object store.</summary>
    public async Task<string[]> WaitingAsync(DatasetInfo dataset, IReadOnlyList<byte[]> images, CancellationToken stop)
    {
        _devices.Shut();
        await ImportAsync(dataset, images, stop);
        return [.. images.Select(i => Path.Combine(_objects, ObjectKeys.Image(dataset.Name, ImageId.Of(i))))];
    }

    /// <summary>Opens the devices and waits until every image has its committed score.</summary>
    public async Task ScoreAsync(DatasetInfo dataset, CancellationToken stop)
    {
        _devices.Open();
        var grain = Grains.GetGrain<IDatasetGrain>(dataset.Name);
        await Until.TrueAsync(async () => (await grain.GetStatusAsync(stop)).ScoringBacklog == 0, Patience,
            () => $"every image of '{dataset.Name}' is scored");
    }

    private Task<DatasetInfo> CreateAsync(string name, CancellationToken stop) => Grains.GetGrain<ICatalogGrain>(0).CreateAsync(
        new CreateDataset(name, new LabelSchema { Classes = [.. Classes.Select(c => new LabelClass(c))] }, new DatasetSettings()), Actor,
        stop);

    private async Task ImportAsync(DatasetInfo dataset, IReadOnlyList<byte[]> images, CancellationToken stop)
    {
        var intake = _host.Services.GetRequiredService<IImageIntake>();
        foreach (var lot in images.Chunk(500))
        {
            var operation = new IngestOperation(Guid.NewGuid(), Actor);
            ArrivedImage Arrived(byte[] bytes, int i) => new(i.ToString(CultureInfo.InvariantCulture), bytes, null, Partition.Pool);
            await intake.TakeAsync(dataset, operation, [.. lot.Select(Arrived)], stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _devices.Open();
        await _host.StopAsync();
        await _host.DisposeAsync();
    }
}
