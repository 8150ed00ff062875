using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>
/// What a server holds while much comes from buckets and from what was uploaded past it, measured on a process of its own: it is counted
/// with the lots that callers send.
/// </summary>
[Trait("needs", "s3")]
[Trait("kind", "security")]
public sealed class BucketMemoryTests(ITestOutputHelper output)
{
    private const int Images = 12, ImageBytes = 10 << 20;
    private const long Most = 200L << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Lots of 128 MiB, of which two are under way for each source, and 32 MiB for all that comes.</summary>
    private static readonly string[] Narrow =
    [
        "--Lots:Memory", "33554432", "--Lots:MemoryPerPrincipal", "33554432",
        "--Images:MaxBytes", "20971520", "--Sources:LotBytes", "134217728",
    ];

    private static Task FillAsync(TestBucket bucket, string folder, int count) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
            await bucket.PutAsync(string.Create(CultureInfo.InvariantCulture, $"{folder}/{i:D3}.png"),
            RandomNumberGenerator.GetBytes(ImageBytes)));

    [Fact]
    public async Task What_comes_from_buckets_does_not_add_up_in_memory()
    {
        using var bucket = await TestBucket.MakeAsync();
        string[] folders = ["one", "two", "three"];
        foreach (var folder in folders) await FillAsync(bucket, folder, Images);
        await FillAsync(bucket, "first", 1);
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions
        {
            Arguments = [.. bucket.HostOptions, .. TestBucket.BackboneOptions, .. Narrow],
        });
        await silo.Client.CreateDatasetAsync(TestBucket.Dataset("many"));
        // Once by itself, so that what any lot costs is not counted.
        await AddAsync(silo, bucket, "first");
        await TakenAsync(silo, "first", 1);

        await using var memory = new ProcessMemory(silo.Id);
        foreach (var folder in folders) await AddAsync(silo, bucket, folder);
        foreach (var folder in folders) await TakenAsync(silo, folder, Images);
        var rise = memory.Rise;
        Assert.Equal(1 + (folders.Length * Images), (await silo.Client.GetStatusAsync("many")).Images);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"read {folders.Length * Images * (ImageBytes >> 20)} MiB from three sources; memory rose by {rise >> 20} MiB"));
        Assert.InRange(rise, long.MinValue, Most);
    }

    [Fact, Trait("needs", "postgres")]
    public async Task What_was_uploaded_past_the_server_does_not_add_up_in_memory()
    {
        var server = await S3Server.SharedAsync();
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions
        {
            Arguments = [
                .. SiloCluster.Options(database, server, S3Server.NewBucket()), "--Cluster:AdvertisedAddress", "127.0.0.1",
                .. TestBucket.BackboneOptions, .. Narrow,
            ],
        });
        await silo.Client.CreateDatasetAsync(TestBucket.Dataset("direct"));
        using var http = new HttpClient();
        var first = await UploadAsync(silo, http, 1);
        await silo.Client.CompleteUploadsAsync("direct", first);
        var lots = new List<UploadedImage[]>();
        for (var i = 0; i < 3; i++) lots.Add(await UploadAsync(silo, http, Images));

        await using var memory = new ProcessMemory(silo.Id);
        var results = await Task.WhenAll(lots.Select(lot => silo.Client.CompleteUploadsAsync("direct", lot)));
        var rise = memory.Rise;
        Assert.All(results.SelectMany(r => r), r => Assert.NotNull(r.Id));
        Assert.Equal(1 + (lots.Count * Images), (await silo.Client.GetStatusAsync("direct")).Images);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"took in {lots.Count * Images * (ImageBytes >> 20)} MiB of uploads at once; memory rose by {rise >> 20} MiB"));
        Assert.InRange(rise, long.MinValue, Most);
    }

    private static Task<AddedSource> AddAsync(SiloProcess silo, TestBucket bucket, string folder) =>
        silo.Client.AddSourceAsync("many", new BucketSource(folder, bucket.Name, folder + "/", "photos"));

    private static async Task TakenAsync(SiloProcess silo, string source, int images)
    {
        SourceStatus? status = null;
        // Random bytes are no images: they are kept, and put aside.
        await Until.TrueAsync(
            async () => (status = await silo.Client.GetSourceAsync("many", source)).Quarantined >= images && status.Syncs > 0,
            Patience, () => $"source {source} has taken {images}: {status}");
    }

    private static async Task<UploadedImage[]> UploadAsync(SiloProcess silo, HttpClient http, int count)
    {
        var slots = (await silo.Client.PrepareUploadsAsync("direct", count)).Slots;
        await Parallel.ForEachAsync(slots, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (slot, ct) =>
        {
            using var content = new ByteArrayContent(RandomNumberGenerator.GetBytes(ImageBytes));
            using var answer = await http.PutAsync(slot.Url, content, ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        });
        return [.. slots.Select(slot => new UploadedImage(slot.Id, slot.Id + ".png"))];
    }
}
