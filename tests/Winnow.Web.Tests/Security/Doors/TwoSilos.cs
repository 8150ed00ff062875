using System.Diagnostics;
using Winnow.Testing;

namespace Winnow.Web.Tests.Security.Doors;

/// <summary>Two silos in processes of their own, on PostgreSQL and S3, with a bucket of others that they know as <c>photos</c>.</summary>
public sealed class TwoSilos : Door
{
    private SiloCluster _cluster = null!;
    // The same server under another of its names.
    private Images.Buckets.BucketProxy _alias = null!;

    public override IReadOnlyList<Uri> Addresses => [.. _cluster.Silos.Select(s => s.Url)];

    public override long? Memory() => _cluster.Silos.Sum(s =>
    {
        using var process = Process.GetProcessById(s.Id);
        return process.WorkingSet64;
    });

    internal Images.Buckets.TestBucket Photos { get; private set; } = null!;

    /// <summary>The bucket of the cluster's own objects.</summary>
    internal string OwnBucket { get; } = S3Server.NewBucket();

    public override async Task InitializeAsync()
    {
        await SiloCluster.PrepareAsync();
        Photos = await Images.Buckets.TestBucket.MakeAsync();
        _alias = await Images.Buckets.BucketProxy.StartAsync(Photos);
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        _cluster = new SiloCluster(database, await S3Server.SharedAsync(), OwnBucket);
        string[] options =
        [
            .. Options, .. Photos.HostOptions, .. _alias.HostOptions(Photos.Server, "alias"), .. Images.Buckets.TestBucket.BackboneOptions,
            "--Scoring:Workers", "1", "--Api:BodyTimeout", "00:00:02",
        ];
        for (var i = 0; i < 2; i++) _cluster.Add(options, new SiloProcessOptions { Key = OperatorKey });
        await Task.WhenAll(_cluster.Silos.Select(s => s.StartAgainAsync()));
        foreach (var silo in _cluster.Silos) await silo.LevelIsRaisedAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _cluster.DisposeAsync();
        await _alias.DisposeAsync();
        Photos.Dispose();
    }
}
