using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Testing;

namespace Winnow.Web.Tests.Client;

/// <summary>The SDK against a server that fails: a real one, that cuts connections and asks for patience.</summary>
public sealed class ClientTests
{
    private static async Task<(WebApplication App, WinnowClient Client)> StartAsync(RequestDelegate answer, int retries = 6)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(answer);
        await app.StartAsync();
        return (app, new WinnowClient(
            new WinnowClientOptions
            {
                Address = new Uri(app.Urls.First()),
                RetryAttempts = retries,
                RetryDelay = TimeSpan.FromMilliseconds(1)
            }));
    }

    [Fact]
    public async Task A_request_is_repeated_under_the_same_operation_id()
    {
        var seen = new List<string>();
        var (app, client) = await StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            seen.Add(context.Request.Headers["Idempotency-Key"].ToString());
            switch (seen.Count)
            {
                case 1:
                    context.Abort();
                    break;
                case 2:
                    context.Response.StatusCode = 503;
                    context.Response.Headers.RetryAfter = "0";
                    break;
                default:
                    await context.Response.WriteAsync(
                    """{"number":1,"note":null,"createdAt":"2026-01-01T00:00:00Z","createdBy":"a","images":1,"labeled":0,"manifestSha256":"x","parent":null}""");
                    break;
            }
        });
        await using (app)
        using (client)
        {
            Assert.Equal(1, (await client.CreateVersionAsync("d", new CreateVersion())).Number);
            Assert.Equal(3, seen.Count);
            Assert.Single(seen.Distinct());
            Assert.True(Guid.TryParse(seen[0], out _));
        }
    }

    [Fact]
    public async Task A_request_goes_on_to_the_next_server_until_one_answers_and_the_next_request_begins_there()
    {
        var seen = new ConcurrentQueue<(string Server, string Operation)>();
        async Task<Uri> StubAsync(string name, Func<HttpContext, Task> answer, List<IAsyncDisposable> started)
        {
            var (app, client) = await StartAsync(async context =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
                seen.Enqueue((name, context.Request.Headers["Idempotency-Key"].ToString()));
                await answer(context);
            });
            client.Dispose();
            started.Add(app);
            return new Uri(app.Urls.First());
        }

        const string Version =
            """{"number":1,"note":null,"createdAt":"2026-01-01T00:00:00Z","createdBy":"a","images":1,"labeled":0,"manifestSha256":"x","parent":null}""";
        var apps = new List<IAsyncDisposable>();
        var refusing = new Uri($"http://127.0.0.1:{Server.FreePort()}");
        var hanging = await StubAsync("hanging",
            c => Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted)
            .ContinueWith(_ => { }, TaskScheduler.Default), apps);
        var busy = await StubAsync("busy", c => Results.Problem("Not now.", statusCode: 503).ExecuteAsync(c), apps);
        var good = await StubAsync("good", c => c.Response.WriteAsync(Version), apps);
        // As many repetitions as there are servers that do not answer: none is tried twice.
        using (var client = new WinnowClient(
            new WinnowClientOptions
            {
                Address = refusing,
                FurtherAddresses = [hanging, busy, good],
                RetryAttempts = 3,
                RetryDelay = TimeSpan.FromMilliseconds(1),
                Timeout = TimeSpan.FromSeconds(2)
            }))
        {
            Assert.Equal(1, (await client.CreateVersionAsync("d", new CreateVersion())).Number);
            Assert.Equal(["hanging", "busy", "good"], seen.Select(s => s.Server));
            Assert.Single(seen.Select(s => s.Operation).Distinct());
            await client.CreateVersionAsync("d", new CreateVersion());
            Assert.Equal(["hanging", "busy", "good", "good"], seen.Select(s => s.Server));
            Assert.Equal(2, seen.Select(s => s.Operation).Distinct().Count());
        }
        // Where none answers, the caller hears what the last one said.
        using (var client = new WinnowClient(
            new WinnowClientOptions
            {
                Address = refusing,
                FurtherAddresses = [busy],
                RetryAttempts = 3,
                RetryDelay = TimeSpan.FromMilliseconds(1)
            }))
            Assert.Equal("Not now.", (await Assert.ThrowsAsync<WinnowApiException>(() => client.GetStatusAsync("d"))).Message);
        foreach (var app in apps) await app.DisposeAsync();
    }

    [Fact]
    public async Task A_refusal_is_not_repeated_and_says_why()
    {
        var calls = 0;
        var (app, client) = await StartAsync(context =>
        {
            calls++;
            return Results.Problem("No such thing here.", statusCode: 404).ExecuteAsync(context);
        });
        await using (app)
        using (client)
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => client.GetStatusAsync("d"));
            Assert.Equal((HttpStatusCode.NotFound, "No such thing here.", 1), (refused.Status, refused.Message, calls));
        }
    }

    [Fact]
    public async Task An_import_ends_with_the_first_refusal_and_holds_few_lots()
    {
        var read = 0;
        var (app, client) = await StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await Results.Problem("Full.", statusCode: 400).ExecuteAsync(context);
        });
        async IAsyncEnumerable<ImageToImport> Endless()
        {
            for (var i = 0; ; i++)
            {
                await Task.Yield();
                yield return new ImageToImport($"{i}", _ =>
                {
                    read++;
                    return ValueTask.FromResult<ReadOnlyMemory<byte>>(new byte[10]);
                });
            }
        }

        await using (app)
        using (client)
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(async () =>
            {
                await foreach (var _ in client.ImportAsync("d", Endless(), new ImportOptions { LotSize = 10, Concurrency = 2 }))
                {
                }
            });
            Assert.Equal("Full.", refused.Message);
            Assert.True(read < 2_000, $"{read} images were read for a server that takes none");
        }
    }

    [Fact]
    public void A_simulated_reviewer_errs_as_often_as_told_and_always_alike()
    {
        using var client = new WinnowClient();
        SimulatedReviewer Make(double rate, ulong seed) =>
            new(client, new SimulatedReviewerOptions
            {
                Dataset = "d",
                Classes = DrawnImages.Classes,
                Truth = _ => null,
                ErrorRate = rate,
                Seed = seed
            });
        var ids = Enumerable.Range(0, 5_000).Select(i => ImageId.Of(BitConverter.GetBytes(i))).ToArray();
        Assert.All(ids, id => Assert.Equal("disc", Make(0, 1).AnswerFor(id, "disc")));
        Assert.All(ids, id => Assert.NotEqual("disc", Make(1, 1).AnswerFor(id, "disc")));
        var wrong = ids.Count(id => Make(0.2, 7).AnswerFor(id, "disc") != "disc");
        // Four standard deviations of a binomial around 1,000.
        Assert.InRange(wrong, 887, 1113);
        Assert.Equal(ids.Select(id => Make(0.2, 7).AnswerFor(id, "disc")), ids.Select(id => Make(0.2, 7).AnswerFor(id, "disc")));
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Assert.Contains("RetryAttempts",
            Assert.Throws<ArgumentException>(() => new WinnowClient(new WinnowClientOptions { RetryAttempts = -1 })).Message);
        Assert.Contains("Actor", Assert.Throws<ArgumentException>(() => new WinnowClient(new WinnowClientOptions { Actor = "" })).Message);
        Assert.Contains("Address",
            Assert.Throws<ArgumentException>(() => new WinnowClient(new WinnowClientOptions { Address = new Uri("ftp://x") })).Message);
        Assert.Contains("FurtherAddresses",
            Assert.Throws<ArgumentException>(() => new WinnowClient(new WinnowClientOptions { FurtherAddresses = [new Uri("ftp://x")] }))
            .Message);
        Assert.Contains("FurtherAddresses",
            Assert.Throws<ArgumentException>(() =>
                new WinnowClient(new WinnowClientOptions { FurtherAddresses = [.. Enumerable.Repeat(new Uri("http://x"), 101)] })).Message);
    }
}
