using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>A span as it came over the wire.</summary>
/// <param name="Silo">The instance of the service that sent it.</param>
internal sealed record ReceivedSpan(string Silo, string Trace, string Id, string Parent, string Name, ulong Start, ulong End,
    IReadOnlyList<(string Trace, string Span)> Links);

/// <summary>
/// Receives OTLP as protobuf over HTTP and reads the few fields that tests look at, by their numbers in opentelemetry-proto: a receiver of
/// the tests' own, so that what is asserted is what any collector would get.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Signal, byte[] Body)> _received = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>The address before <c>/v1/…</c>.</summary>
    public string Address => _app.Urls.Single();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new OtlpReceiver(builder.Build());
        receiver._app.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            receiver._received.Enqueue((signal, body.ToArray()));
            // An empty response message says that everything was taken.
            return Results.Bytes([], "application/x-protobuf");
        });
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Bodies of one signal: traces, metrics or logs.</summary>
    public IReadOnlyList<byte[]> Bodies(string signal) => [.. _received.Where(r => r.Signal == signal).Select(r => r.Body)];

    /// <summary>All spans so far. Request: resource_spans = 1; of those scope_spans = 2; of those spans = 2.</summary>
    public IReadOnlyList<ReceivedSpan> Spans() =>
        [.. Bodies("traces").SelectMany(b => Messages(b, 1))
        .SelectMany(r => Messages(r, 2).SelectMany(m => Messages(m, 2)).Select(m => ReadSpan(InstanceOf(r), m)))];

    /// <summary>
    /// Texts of all log records so far. Request: resource_logs = 1; of those scope_logs = 2; of those log_records = 2; body = 5,
    /// string_value = 1.
    /// </summary>
    public IReadOnlyList<string> Logs() =>
        [.. Bodies("logs").SelectMany(b => Messages(b, 1)).SelectMany(m => Messages(m, 2)).SelectMany(m => Messages(m, 2))
        .SelectMany(m => Messages(m, 5)).SelectMany(m => Messages(m, 1)).Select(System.Text.Encoding.UTF8.GetString)];

    /// <summary>Of resource_spans: resource = 1; its attributes = 1; their key = 1, value = 2; of that string_value = 1.</summary>
    private static string InstanceOf(byte[] resourceSpans) =>
        Messages(resourceSpans, 1).SelectMany(r => Messages(r, 1)).Where(a => Text(Messages(a, 1)) == "service.instance.id")
        .Select(a => Text(Messages(Messages(a, 2).Single(), 1))).FirstOrDefault("");

    private static string Text(List<byte[]> field) => System.Text.Encoding.UTF8.GetString(field.Single());

    private static ReceivedSpan ReadSpan(string silo, byte[] message)
    {
        string trace = "", id = "", parent = "", name = "";
        ulong start = 0, end = 0;
        var links = new List<(string, string)>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is > 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1: trace = Hex(input); break;
                case 2: id = Hex(input); break;
                case 4: parent = Hex(input); break;
                case 5: name = input.ReadString(); break;
                case 7: start = input.ReadFixed64(); break;
                case 8: end = input.ReadFixed64(); break;
                case 13:
                    var link = input.ReadBytes().ToByteArray();
                    links.Add((Convert.ToHexStringLower(Messages(link, 1).Single()), Convert.ToHexStringLower(Messages(link, 2).Single())));
                    break;
                default: input.SkipLastField(); break;
            }
        }
        return new ReceivedSpan(silo, trace, id, parent, name, start, end, links);
    }

    private static string Hex(CodedInputStream input) => Convert.ToHexStringLower(input.ReadBytes().Span);

    /// <summary>The length-delimited fields of one number.</summary>
    private static List<byte[]> Messages(byte[] message, int field)
    {
        var found = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is > 0 and var tag)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                found.Add(input.ReadBytes().ToByteArray());
            else input.SkipLastField();
        }
        return found;
    }
}
