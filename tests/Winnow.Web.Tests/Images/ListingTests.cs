using System.Globalization;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Images;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images;

/// <summary>
/// Whatever goes through all images by pages meets each of them once, though shards close, open and are doubled between two pages, and
/// images come meanwhile.
/// </summary>
public sealed class ListingTests
{
    private const string Dataset = "listed";
    private const int Before = 150, Shards = 2, Page = 7;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    /// <summary>Closes a shard behind each page that it gives.</summary>
    private sealed class ClosingShards : IIncomingGrainCallFilter
    {
        private int _closed;

        public int Closed => Volatile.Read(ref _closed);

        public bool On { get; set; }

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            await context.Invoke();
            if (!On || context.InterfaceMethod.Name != nameof(IShardIngest.ListAsync) || context.Grain is not IShardIngest shard) return;
            Interlocked.Increment(ref _closed);
            await shard.ReopenAsync(CancellationToken.None);
        }
    }

    private readonly ClosingShards _closing = new();

    private async Task<OwnServer> StartAsync()
    {
        string[] pages = ["--Shard:ListedAtOnce", Page.ToString(CultureInfo.InvariantCulture)];
        var server = await OwnServer.StartAsync(s => s.AddSingleton<IIncomingGrainCallFilter>(_closing), further: pages);
        await server.Client.CreateDatasetAsync(new CreateDataset(Dataset, Schema, new DatasetSettings { Shards = Shards }));
        await ImportAsync(server, 0, Before);
        await server.Client.WaitForScoringAsync(Dataset);
        return server;
    }

    private static async Task ImportAsync(OwnServer server, int from, int count)
    {
        await foreach (var result in server.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(count, from)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
    }

    private static ImageId[] Drawn(int count) => [.. Enumerable.Range(0, count).Select(i => ImageId.Of(DrawnImages.Draw(i))).Order()];

    [Fact]
    public async Task A_version_holds_every_image_once_though_shards_close_between_its_pages()
    {
        await using var server = await StartAsync();
        var undisturbed = await server.Client.CreateVersionAsync(Dataset, new CreateVersion());
        _closing.On = true;
        var version = await server.Client.CreateVersionAsync(Dataset, new CreateVersion());
        Assert.InRange(_closing.Closed, Before / Page, int.MaxValue);
        Assert.Equal((Before, undisturbed.ManifestSha256), (version.Images, version.ManifestSha256));
        using var csv = new StreamReader(await server.Client.OpenExportAsync(Dataset, version.Number, "csv"));
        var listed = new List<ImageId>();
        while (await csv.ReadLineAsync() is { } line)
            if (line.StartsWith("img-", StringComparison.Ordinal)) listed.Add(ImageId.Parse(line[..line.IndexOf(',')]));
        Assert.Equal(Drawn(Before), listed);
    }

    [Fact]
    public async Task Images_that_come_between_two_pages_shift_none_of_the_others()
    {
        await using var server = await StartAsync();
        _closing.On = true;
        var shard = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IShardIngest>(GrainKeys.Shard(Dataset, 1));
        var listed = new List<ImageId>();
        ImageId? after = null;
        for (var (more, next) = (true, Before); more; next += 10)
        {
            var page = await shard.ListAsync(new ListImages(0, Page, null, ById: true, after), CancellationToken.None);
            listed.AddRange(page.Images.Select(i => i.Id));
            if (next < Before + 60) await ImportAsync(server, next, 10);
            (more, after) = (page.NextOrdinal >= 0, listed[^1]);
        }
        Assert.Equal(listed.Order(), listed);
        Assert.Equal(listed.Count, listed.Distinct().Count());
        var layout = new ShardLayout(0, Shards);
        Assert.Empty(Drawn(Before).Where(i => layout.ShardOf(i) == 1).Except(listed));
    }

    [Fact]
    public async Task The_listing_goes_on_after_an_image_whichever_shards_hold_it_then()
    {
        await using var server = await StartAsync();
        _closing.On = true;
        using var http = new HttpClient { BaseAddress = server.Address };
        var listed = new List<ImageId>();
        string? after = null;
        do
        {
            var page = await PageAsync($"limit={Page}{(after is null ? "" : $"&after={after}")}");
            listed.AddRange(page.Images.Select(i => i.Id));
            after = page.Next;
            if (listed.Count is < 5 * Page or >= 6 * Page) continue;
            await server.Client.SplitAsync(Dataset, 2 * Shards);
            async Task<bool> AreDoubledAsync() => await server.Client.GetStatusAsync(Dataset) is { Split: null, Shards: 2 * Shards };
            await Until.TrueAsync(AreDoubledAsync, Patience, () => "the shards are doubled");
        }
        while (after is not null);
        Assert.Equal(Drawn(Before), listed);

        // A place as the last release told it: nothing is left out from there on.
        var old = await PageAsync("limit=1000&after=1.3");
        Assert.Equal(Drawn(Before).Where(i => new ShardLayout(0, Shards).ShardOf(i) == 1), old.Images.Select(i => i.Id));
        using var refused = await http.GetAsync($"/api/v1/datasets/{Dataset}/images?after=img-no");
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);

        async Task<ImagePage> PageAsync(string query) =>
            (await http.GetFromJsonAsync($"/api/v1/datasets/{Dataset}/images?{query}", ModelJson.Default.ImagePage))!;
    }
}
