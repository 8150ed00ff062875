using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Images;

namespace Winnow.Web.Tests.Client;

/// <summary>
/// Imports against a server that refuses some things, behind a proxy that refuses others, and a store that refuses again others.
/// </summary>
public sealed class ImportTests
{
    /// <summary>A server that answers for every image of a lot unless it is told to refuse the lot.</summary>
    private sealed class Stub : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Stub(WebApplication app) => _app = app;

        /// <summary>What of a lot, by its images' bytes, is refused with which status; null for none.</summary>
        public Func<IReadOnlyList<byte[]>, int?> Refuse { get; set; } = _ => null;

        public IntakeLimits? Limits { get; set; }

        /// <summary>What the store says to a put of these bytes.</summary>
        public Func<byte[], int> Store { get; set; } = _ => 200;

        public Func<List<IngestResult>, List<IngestResult>> Answer { get; set; } = r => r;

        public ConcurrentBag<int> Lots { get; } = [];

        public WinnowClient Client { get; private set; } = null!;

        public static async Task<Stub> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            var stub = new Stub(app);
            app.Run(stub.AnswerAsync);
            await app.StartAsync();
            stub.Client = new WinnowClient(
                new WinnowClientOptions
                {
                    Address = new Uri(app.Urls.First()),
                    RetryAttempts = 2,
                    RetryDelay = TimeSpan.FromMilliseconds(1)
                });
            return stub;
        }

        private Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
        {
            "/api/v1/intake" => Limits is null
                ? Results.Problem("Nothing here.", statusCode: 404).ExecuteAsync(context)
                : Results.Json(Limits, ModelJson.Default.IntakeLimits).ExecuteAsync(context),
            "/api/v1/datasets/d/images" => TakeAsync(context),
            "/api/v1/datasets/d/uploads" => PrepareAsync(context),
            "/api/v1/datasets/d/uploads/complete" => CompleteAsync(context),
            { } path when path.StartsWith("/store/", StringComparison.Ordinal) => PutAsync(context),
            _ => Results.NotFound().ExecuteAsync(context),
        };

        private async Task TakeAsync(HttpContext context)
        {
            var reader = new MultipartReader(MediaTypeHeaderValue.Parse(context.Request.ContentType!).Boundary.Value!,
                context.Request.Body);
            using var manifest = await JsonDocument.ParseAsync((await reader.ReadNextSectionAsync())!.Body);
            string[] names = [.. manifest.RootElement.EnumerateArray().Select(e => e.GetProperty("name").GetString()!)];
            var images = new List<byte[]>();
            while (await reader.ReadNextSectionAsync() is { } section)
            {
                using var copy = new MemoryStream();
                await section.Body.CopyToAsync(copy);
                images.Add(copy.ToArray());
            }
            Lots.Add(images.Count);
            if (Refuse(images) is { } status) await Results.Problem($"Refused with {status}.", statusCode: status).ExecuteAsync(context);
            else await AnswerAsync(context, Answer([.. images.Select((b, i) => Taken(names[i], b))]));
        }

        private static Task AnswerAsync(HttpContext context, List<IngestResult> results) =>
            Results.Json<IReadOnlyList<IngestResult>>(results, ModelJson.Default.IReadOnlyListIngestResult).ExecuteAsync(context);

        private static IngestResult Taken(string name, byte[] bytes) => new(name, ImageId.Of(bytes), IngestStatus.Accepted, null);

        private async Task PrepareAsync(HttpContext context)
        {
            var wanted = await JsonSerializer.DeserializeAsync(context.Request.Body, ModelJson.Default.PrepareUploads);
            var slots = Enumerable.Range(0, wanted!.Count)
                .Select(i => new UploadSlot($"{i:x32}", new Uri($"{_app.Urls.First()}/store/{i}"))).ToArray();
            await Results.Json(new UploadSlots(slots, DateTimeOffset.MaxValue), ModelJson.Default.UploadSlots).ExecuteAsync(context);
        }

        private async Task PutAsync(HttpContext context)
        {
            using var copy = new MemoryStream();
            await context.Request.Body.CopyToAsync(copy);
            context.Response.StatusCode = Store(copy.ToArray());
        }

        private static async Task CompleteAsync(HttpContext context)
        {
            var images = await JsonSerializer.DeserializeAsync(context.Request.Body, ModelJson.Default.IReadOnlyListUploadedImage);
            await AnswerAsync(context, [.. images!.Select(i => Taken(i.Name, [1]))]);
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _app.DisposeAsync();
        }
    }

    private static async IAsyncEnumerable<ImageToImport> Images(int count, Func<int, byte[]>? bytes = null, int? failAfter = null)
    {
        for (var i = 0; i < count; i++)
        {
            if (i == failAfter) throw new InvalidOperationException("The list ends badly.");
            var index = i;
            yield return new ImageToImport($"{i}",
                _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes?.Invoke(index) ?? [(byte)index, 1, 2]));
        }
        await Task.CompletedTask;
    }

    private static async Task<List<IngestResult>> RunAsync(Stub stub, IAsyncEnumerable<ImageToImport> images, ImportOptions? options = null)
    {
        var results = new List<IngestResult>();
        await foreach (var result in stub.Client.ImportAsync("d", images, options ?? new ImportOptions { LotSize = 16 })) results.Add(
            result);
        return results;
    }

    private static void AssertLeftOut(IEnumerable<IngestResult> results, params string[] names) =>
        Assert.Equal(names, results.Where(r => r.Status == IngestStatus.LeftOut).Select(r => r.Name).Order(StringComparer.Ordinal));

    [Fact]
    public async Task An_image_that_cannot_be_read_is_left_out_whatever_it_throws()
    {
        await using var stub = await Stub.StartAsync();
        Exception[] problems =
            [new IOException("Bad block."), new InvalidOperationException("Own fault."), new OperationCanceledException(),
                new UnauthorizedAccessException("No.")];
        async IAsyncEnumerable<ImageToImport> Mixed()
        {
            for (var i = 0; i < 40; i++)
            {
                var index = i;
                yield return new ImageToImport($"{i:D2}", _ =>
                    index % 10 == 3 ? throw problems[index / 10] : ValueTask.FromResult<ReadOnlyMemory<byte>>(new byte[] { (byte)index }));
            }
            await Task.CompletedTask;
        }

        var results = await RunAsync(stub, Mixed());
        Assert.Equal(40, results.Count);
        AssertLeftOut(results, "03", "13", "23", "33");
        Assert.Equal("Bad block.", results.Single(r => r.Name == "03").Reason);
        Assert.Contains("InvalidOperationException: Own fault.", results.Single(r => r.Name == "13").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_that_fails_is_told_after_all_before_it_was_taken()
    {
        await using var stub = await Stub.StartAsync();
        var results = new List<IngestResult>();
        var problem = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var result in stub.Client.ImportAsync("d", Images(30, failAfter: 21),
                new ImportOptions { LotSize = 8 })) results.Add(result);
        });
        Assert.Equal("The list ends badly.", problem.Message);
        Assert.Equal(21, results.Count(r => r.Status == IngestStatus.Accepted));
    }

    [Fact]
    public async Task What_is_too_large_is_neither_read_nor_sent()
    {
        await using var stub = await Stub.StartAsync();
        stub.Limits = new IntakeLimits(["png"], 1_000, 10, 8_192);
        var read = new ConcurrentBag<string>();
        async IAsyncEnumerable<ImageToImport> Sized()
        {
            foreach (var (name, size, known) in new[] { ("a", 1_000, true), ("b", 1_001, true), ("c", 1_001, false), ("d", 999, false) })
            {
                yield return new ImageToImport(name, _ =>
                {
                    read.Add(name);
                    return ValueTask.FromResult<ReadOnlyMemory<byte>>(new byte[size]);
                })
                { Size = known ? size : null };
            }
            await foreach (var image in Images(40, _ => new byte[900])) yield return image;
        }

        var results = await RunAsync(stub, Sized(), new ImportOptions { LotSize = 500 });
        AssertLeftOut(results, "b", "c");
        Assert.DoesNotContain("b", read);
        Assert.Contains("1001 bytes", results.Single(r => r.Name == "b").Reason, StringComparison.Ordinal);
        // No request is larger than the server takes, however large a lot was wanted.
        Assert.All(stub.Lots, count => Assert.InRange(count, 1, 8));
        Assert.Equal(42, stub.Lots.Sum());
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    [InlineData(422)]
    [InlineData(500)]
    public async Task An_image_that_the_server_refuses_is_found_in_its_lot(int status)
    {
        await using var stub = await Stub.StartAsync();
        stub.Refuse = images => images.Any(b => b[0] is 5 or 6 or 30) ? status : null;
        var results = await RunAsync(stub, Images(40));
        Assert.Equal(40, results.Count);
        AssertLeftOut(results, "30", "5", "6");
        Assert.Equal($"Refused with {status}.", results.Single(r => r.Name == "5").Reason);
    }

    [Fact]
    public async Task Lots_become_as_small_as_a_proxy_wants_them()
    {
        await using var stub = await Stub.StartAsync();
        stub.Refuse = images => images.Sum(b => b.Length) > 10_000 ? 413 : null;
        var results = await RunAsync(stub, Images(20, i => [(byte)i, .. new byte[i == 7 ? 20_000 : 3_000]]));
        AssertLeftOut(results, "7");
        Assert.Equal(19, results.Count(r => r.Status == IngestStatus.Accepted));
    }

    [Theory]
    [InlineData(400, 16)]
    [InlineData(400, 1)]
    [InlineData(403, 16)]
    [InlineData(507, 16)]
    public async Task A_server_that_refuses_whatever_comes_ends_the_import(int status, int lotSize)
    {
        await using var stub = await Stub.StartAsync();
        stub.Refuse = _ => status;
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() =>
            RunAsync(stub, Images(2_000), new ImportOptions { LotSize = lotSize }));
        Assert.Equal((HttpStatusCode)status, refused.Status);
        Assert.InRange(stub.Lots.Count, 1, 100);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_for_all_is_not_believed()
    {
        await using var stub = await Stub.StartAsync();
        stub.Answer = results => results[1..];
        await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(stub, Images(4)));
        // What an earlier release calls quarantined and did not keep is left out.
        stub.Answer = results =>
            [.. results.Select(r => r.Name == "2" ? r with { Id = null, Status = IngestStatus.Quarantined, Reason = "Too large." } : r)];
        AssertLeftOut(await RunAsync(stub, Images(4)), "2");
    }

    [Fact]
    public async Task An_upload_that_the_store_refuses_leaves_its_image_out()
    {
        await using var stub = await Stub.StartAsync();
        var presigned = new ImportOptions { LotSize = 16, ViaPresignedUrls = true };
        stub.Store = bytes => bytes[0] is 5 or 30 ? 403 : 200;
        var results = await RunAsync(stub, Images(40), presigned);
        Assert.Equal(38, results.Count(r => r.Status == IngestStatus.Accepted));
        AssertLeftOut(results, "30", "5");
        Assert.Contains("403", results.Single(r => r.Name == "5").Reason, StringComparison.Ordinal);
        stub.Store = _ => 403;
        Assert.Equal(HttpStatusCode.Forbidden,
            (await Assert.ThrowsAsync<WinnowApiException>(() => RunAsync(stub, Images(40), presigned))).Status);
    }
}
