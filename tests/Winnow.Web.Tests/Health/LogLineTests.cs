using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Winnow.Model.Datasets;
using Winnow.Model.Images.Buckets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Health;

/// <summary>The server's log: an event is one line of its own making, whatever it quotes.</summary>
[Trait("kind", "security")]
public sealed partial class LogLineTests(Server server) : IClassFixture<Server>
{
    [Theory, MemberData(nameof(HostileTexts.Kinds), MemberType = typeof(HostileTexts))]
    public void An_event_is_one_line(string kind)
    {
        var text = HostileTexts.All[kind];
        var chosen = server.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName;
        var formatter = server.Services.GetServices<ConsoleFormatter>().Single(f => f.Name == chosen);
        var problem = new InvalidDataException(text, new IOException(text));
        var entry = new LogEntry<string>(LogLevel.Warning, "Winnow.Test", new EventId(7), text, problem, (state, _) => $"quotes {state}");
        using var written = new StringWriter { NewLine = "\n" };
        formatter.Write(entry, null, written);
        var line = written.ToString();
        Assert.EndsWith("\n", line, StringComparison.Ordinal);
        Assert.Null(HostileTexts.Obeyed(line[..^1]));
        Assert.Matches("^[0-9:]{8} warn: Winnow\\.Test\\[7\\] quotes ", line);
        Assert.Contains(HostileTexts.Seen, line, StringComparison.Ordinal);
        Assert.Contains(nameof(InvalidDataException), line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_buckets_that_answers_with_lines_of_a_log_forges_none()
    {
        // XML takes no escape character, but the others.
        var said = string.Join(' ', HostileTexts.All.Values.Select(t => string.Concat(t.Where(c => c is '\r' or '\n' or '\t' or >= ' '))));
        await using var hostile = await HostileBucketAsync($"<Error><Code>Internal{said}</Code><Message>{said}</Message></Error>");
        var address = hostile.Urls.First();
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions
        {
            Arguments = ["--Buckets:lake:Endpoint", address, "--Buckets:lake:AccessKey", "key", "--Buckets:lake:SecretKey", "secret",
                "--Buckets:lake:RetryFor", "00:00:00"],
        });
        var schema = new LabelSchema { Classes = [new LabelClass("cat"), new LabelClass("dog")] };
        await silo.Client.CreateDatasetAsync(new CreateDataset("told", schema, new DatasetSettings { Shards = 1 }));
        await silo.Client.AddSourceAsync("told", new BucketSource("lake", "pictures", Server: "lake"));
        SourceStatus status = null!;
        await Until.TrueAsync(async () => (status = await silo.Client.GetSourceAsync("told", "lake")).LastError is not null,
            TimeSpan.FromMinutes(1), () => $"the source has failed:\n{silo.Output}");
        Assert.Null(HostileTexts.Obeyed(status.LastError!));
        await Until.TrueAsync(() => Task.FromResult(silo.Output.Contains("told/lake stands still", StringComparison.Ordinal)),
            TimeSpan.FromMinutes(1), () => $"the log tells of it:\n{silo.Output}");
        var shown = await CliProcess.RunAsync(silo.Url, [], "sources", "status", "told", "lake");
        Assert.Contains("stands still", shown.Output, StringComparison.Ordinal);
        Assert.Null(HostileTexts.Obeyed(shown.Output, lines: true));

        var log = silo.Output;
        Assert.Null(HostileTexts.Obeyed(log, lines: true));
        Assert.All(log.TrimEnd().Split('\n'), line => Assert.Matches(OneEvent(), line));
    }

    private static async Task<WebApplication> HostileBucketAsync(string answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var asked = 0;
        app.Run(async http =>
        {
            // At first it behaves, so that it becomes a source.
            var sound = Interlocked.Increment(ref asked) == 1;
            http.Response.StatusCode = sound ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
            http.Response.ContentType = "application/xml; charset=utf-8";
            await http.Response.WriteAsync(sound ? "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>" : answer);
        });
        await app.StartAsync();
        return app;
    }

    [GeneratedRegex(@"^(\d\d:\d\d:\d\d (trce|dbug|info|warn|fail|crit): [\w.]+\[\d+\] |Winnow listens on )")]
    private static partial Regex OneEvent();
}
