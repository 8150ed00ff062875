using System.Diagnostics;
using Winnow.Abstractions.Telemetry;

namespace Winnow.Grains.Telemetry;

/// <summary>
/// Carries the traces of uploads on to the machine work that follows later and in lots of its own. A lot's span is a child of the newest
/// upload in it and linked to the others; a segment's span is a child of its newest lot and linked to the other lots; and each upload's
/// trace ends with a span <c>scored</c> of its own, from its commit to the publication of its last image, linked to that segment. So every
/// trace shows its upload, its commit and its score, and the one of the newest upload the work between as well. Kept in memory and bounded:
/// a crash ends the traces that were waiting, not the work.
/// </summary>
internal sealed class UploadTraces(TimeProvider time)
{
    /// <summary>Uploads and lots that are remembered; beyond it the oldest are forgotten.</summary>
    private const int Most = 256;

    private const int MostLinks = 16;

    private readonly record struct Part(int First, int End, ActivityContext Context, DateTimeOffset At);

    private readonly List<Part> _uploads = [];
    private readonly List<Part> _lots = [];

    /// <summary>The rows of an upload were committed under the current trace.</summary>
    public void Arrived(int first, int count)
    {
        if (Activity.Current is { Recorded: true } current)
            Remember(_uploads, new Part(first, first + count, current.Context, time.GetUtcNow()));
    }

    /// <summary>A lot of rows goes to a device. Dispose the span when it is back.</summary>
    public Activity? StartLot(int first, int count, string dataset)
    {
        var span = Start("embed lot", _uploads, first, count, dataset);
        if (span is { Recorded: true }) Remember(_lots, new Part(first, first + count, span.Context, default));
        return span;
    }

    /// <summary>A run of embedded rows is published. Dispose the span when the ledger has it.</summary>
    public Activity? StartSegment(int first, int count, string dataset) => Start("publish segment", _lots, first, count, dataset);

    /// <summary>Rows before <paramref name="end"/> are published.</summary>
    public void Scored(int end, Activity? segment)
    {
        foreach (var upload in _uploads)
        {
            if (upload.End > end) continue;
            ActivityLink[] links = segment is null ? [] : [new ActivityLink(segment.Context)];
            using var span = WinnowTelemetry.Activities.StartActivity("scored", ActivityKind.Internal, upload.Context, links: links,
                startTime: upload.At);
            span?.SetTag("winnow.images", upload.End - upload.First);
        }
        _uploads.RemoveAll(u => u.End <= end);
        _lots.RemoveAll(l => l.End <= end);
    }

    private static Activity? Start(string name, List<Part> parts, int first, int count, string dataset)
    {
        var concerned = parts.FindAll(p => p.First < first + count && p.End > first);
        if (concerned.Count == 0) return null;
        var links = concerned.SkipLast(1).TakeLast(MostLinks).Select(p => new ActivityLink(p.Context));
        var span = WinnowTelemetry.Activities.StartActivity(name, ActivityKind.Internal, concerned[^1].Context, links: links);
        span?.SetTag("winnow.dataset", dataset);
        span?.SetTag("winnow.images", count);
        return span;
    }

    private static void Remember(List<Part> parts, Part part)
    {
        if (parts.Count == Most) parts.RemoveAt(0);
        parts.Add(part);
    }
}
