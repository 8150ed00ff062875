using Microsoft.AspNetCore.Builder;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Silo.Hosting;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>The real host in this process, with further options.</summary>
internal sealed class BucketHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _folder;
    private readonly WebApplication _app;

    private BucketHost(WebApplication app, DirectoryInfo folder)
    {
        (_app, _folder) = (app, folder);
        Address = new Uri(app.Urls.First());
        Client = new WinnowClient(new WinnowClientOptions { Address = Address, Actor = "tester", RetryAttempts = 0 });
    }

    public Uri Address { get; }

    public WinnowClient Client { get; }

    /// <summary>Where it keeps what it keeps.</summary>
    public string Folder => _folder.FullName;

    public static async Task<BucketHost> StartAsync(params string[] options)
    {
        var folder = Directory.CreateTempSubdirectory("winnow-bucket-");
        var app = WinnowHost.Build(SiloArguments.LastOfEach([
            "--urls", "http://127.0.0.1:0", "--Data", folder.FullName, "--Logging:LogLevel:Default", "None",
            "--Cluster:SiloPort", Server.FreePort(), .. TestBucket.BackboneOptions, .. options,
        ]));
        await app.StartAsync();
        return new BucketHost(app, folder);
    }

    /// <summary>Adds a source for a bucket and waits until it was read once.</summary>
    public async Task<AddedSource> AddAsync(string dataset, TestBucket bucket, string prefix = "", bool labels = false, long atLeast = 0,
        Partition partition = Partition.Pool)
    {
        await Client.CreateDatasetAsync(TestBucket.Dataset(dataset));
        var added = await Client.AddSourceAsync(dataset, new BucketSource("pictures", bucket.Name, prefix, "photos", labels, partition));
        await UntilAsync(dataset, s => s.Syncs >= 1 && s.Taken >= atLeast);
        return added;
    }

    /// <summary>Waits for a source to come so far.</summary>
    public async Task<SourceStatus> UntilAsync(string dataset, Func<SourceStatus, bool> condition)
    {
        SourceStatus? status = null;
        await Until.TrueAsync(async () => condition(status = await Client.GetSourceAsync(dataset, "pictures")), Patience,
            () => $"the source came so far; it stands at {status}");
        return status!;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
