using System.Net;
using Winnow.Adapters.Tests.Support;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Datasets;

/// <summary>
/// A full disk is called that: 507 with what to do, sent once and not again and again, with nothing lost or stored twice, and what is
/// there stays readable.
/// </summary>
public sealed class FullDiskTests
{
    [SmallDiskFact]
    public async Task A_full_disk_is_507_and_what_was_refused_succeeds_once_there_is_room()
    {
        using var disk = new SmallDisk(24);
        await using var server = await OwnServer.StartAsync(further: ["--Data", disk.At("data")]);
        var sent = new SentCount();
        using var http = new HttpClient(sent);
        // One that would repeat what may succeed by itself.
        using var client =
            new WinnowClient(new WinnowClientOptions { Address = server.Address, Actor = "tester", RetryAttempts = 8 }, http);
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await client.CreateDatasetAsync(new CreateDataset(
            "full", schema, new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        var images = new HashSet<ImageId>();
        await foreach (var result in client.ImportAsync("full", DrawnImages.EnumerateAsync(40))) images.Add(result.Id!.Value);
        await client.WaitForScoringAsync("full");
        using (disk.Fill())
        {
            await FullAsync(sent, async () =>
                await client.ImportAsync("full", DrawnImages.EnumerateAsync(200, 1_000), new ImportOptions { Concurrency = 1 })
                    .ToListAsync());
            await FullAsync(sent, () => client.CreateVersionAsync("full", new CreateVersion("no room")));
            await FullAsync(sent, () => client.CreateDatasetAsync(new CreateDataset("second", schema)));
            await FullAsync(sent, () => client.StartRoundAsync("full", new StartRound(5)));
            // Who only looks needs no room. Of originals it is written down who did, and none goes out of which nobody would know.
            Assert.Equal(40, (await client.GetStatusAsync("full")).Images);
            using var reader = new HttpClient { BaseAddress = server.Address };
            foreach (var part in new[] { "", "/content", "/thumbnail?size=64" })
            {
                using var read = await reader.GetAsync(new Uri($"/api/v1/datasets/full/images/{images.First()}{part}", UriKind.Relative));
                var wanted = part == "/content" ? HttpStatusCode.InsufficientStorage : HttpStatusCode.OK;
                Assert.True(read.StatusCode == wanted, $"{part}: {(int)read.StatusCode} {await read.Content.ReadAsStringAsync()}");
            }
        }
        foreach (var result in await client.ImportAsync("full", DrawnImages.EnumerateAsync(200, 1_000))
            .ToListAsync()) images.Add(result.Id!.Value);
        Assert.Equal(240, images.Count);
        Assert.Equal(240, (await client.GetStatusAsync("full")).Images);
        Assert.Equal(1, (await client.CreateVersionAsync("full", new CreateVersion())).Number);
        await client.WaitForScoringAsync("full");
        Assert.Equal(1, (await client.StartRoundAsync("full", new StartRound(5))).Number);
    }

    [SmallDiskFact]
    public async Task Images_that_cannot_be_scored_for_a_full_disk_say_so_and_are_scored_once_there_is_room()
    {
        using var disk = new SmallDisk(4, within: Path.Combine("data", "scoring"));
        await using var server = await OwnServer.StartAsync(further: ["--Data", disk.At("data")]);
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await server.Client.CreateDatasetAsync(new CreateDataset(
            "tight", schema, new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        // Room for what is stored, and none for what scoring notes.
        using (disk.Fill())
        {
            await foreach (var _ in server.Client.ImportAsync("tight", DrawnImages.EnumerateAsync(5)))
            {
            }
            string? why = null;
            await Until.TrueAsync(async () => (why = (await server.Client.GetStatusAsync("tight")).ScoringStalled) is not null,
                TimeSpan.FromMinutes(1), () => "scoring stands still");
            Assert.StartsWith("The disk of the folder 'scoring' of the server's data folder is full, so no image can be scored", why,
                StringComparison.Ordinal);
            Assert.DoesNotContain("Grain", why, StringComparison.Ordinal);
        }
        await server.Client.WaitForScoringAsync("tight");
        Assert.Null((await server.Client.GetStatusAsync("tight")).ScoringStalled);
    }

    private static async Task FullAsync(SentCount sent, Func<Task> call)
    {
        // What the log has room for already may still be stored: the first that finds none is told.
        WinnowApiException? told = null;
        for (var tries = 0; told is null && tries < 50; tries++)
        {
            sent.Reset();
            told = await Record.ExceptionAsync(call) as WinnowApiException;
        }
        Assert.Equal(HttpStatusCode.InsufficientStorage, told?.Status);
        Assert.Matches("^The disk of the (ledger|object folder) is full, so nothing more can be stored", told!.Message);
        Assert.Equal(1, sent.Count);
    }

    private sealed class SentCount() : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Reset() => Volatile.Write(ref _count, 0);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // An import asks for the limits first, which takes no room.
            if (request.Method != HttpMethod.Get) Interlocked.Increment(ref _count);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
