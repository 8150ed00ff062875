using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime.Placement;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Tests.Support;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Cluster.Tests.Placement;

/// <summary>An image is decided about where its shard is: to ask the shard costs no trip to another silo.</summary>
public sealed class ImagePlacementTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private SqliteLedger _ledger = null!;

    public Task InitializeAsync()
    {
        _ledger = SqliteLedger.Open(new LedgerOptions { Path = _folder.At("ledger.db") }, NullLogger<SqliteLedger>.Instance);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _ledger.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Images_are_placed_with_their_shard()
    {
        var schema = new LabelSchema { Classes = [new("cat"), new("dog")] };
        var info = new DatasetInfo("pets", schema, new DatasetSettings { Shards = 8 }, TimeProvider.System.GetUtcNow(), "ada");
        await _ledger.AddDatasetAsync(info, CancellationToken.None);
        var director = new ShardPlacementDirector(new KnownDatasets(_ledger, TimeProvider.System), TimeProvider.System);
        var silos = new Silos(Enumerable.Range(1, 3).Select(n => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1_000 + n), n))
            .ToArray());
        var used = new HashSet<SiloAddress>();
        for (var i = 0; i < 300; i++)
        {
            var image = ShardIndexTests.IdOf(i);
            var shard = GrainKeys.Shard("pets", info.Shards.ShardOf(image));
            var of = await director.OnAddActivation(new ShardPlacement(), Target("image", GrainKeys.Image("pets", image)), silos);
            Assert.Equal(await director.OnAddActivation(new ShardPlacement(), Target("shard", shard), silos), of);
            used.Add(of);
        }
        Assert.Equal(3, used.Count);
        // What names no image, or no dataset, finds that out wherever it is.
        foreach (var odd in new[] { "pets/nothing", "nothing", GrainKeys.Image("nobody", ShardIndexTests.IdOf(1)) })
            Assert.Contains(await director.OnAddActivation(new ShardPlacement(), Target("image", odd), silos), silos.All);
    }

    private static PlacementTarget Target(string type, string key) => new(GrainId.Create(type, key), [], default, 0);

    private sealed class Silos(SiloAddress[] all) : IPlacementContext
    {
        public SiloAddress[] All => all;

        public SiloAddress LocalSilo => all[0];

        public SiloStatus LocalSiloStatus => SiloStatus.Active;

        public SiloAddress[] GetCompatibleSilos(PlacementTarget target) => all;

        public IReadOnlyDictionary<ushort, SiloAddress[]> GetCompatibleSilosWithVersions(PlacementTarget target) =>
            new Dictionary<ushort, SiloAddress[]> { [0] = all };
    }
}
