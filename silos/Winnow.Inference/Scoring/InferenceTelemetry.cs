using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Winnow.Inference.Scoring;

/// <summary>Names of what this room reports.</summary>
public static class InferenceTelemetry
{
    /// <summary>Of the meter and of the activity source.</summary>
    public const string Name = "Winnow.Inference";

    internal static readonly ActivitySource Activities = new(Name);
    internal static readonly Meter Meter = new(Name);

    /// <summary>Images by outcome: scored, refused.</summary>
    internal static readonly Counter<long> Images = Meter.CreateCounter<long>("winnow.inference.images", "{image}", "Images by outcome.");

    /// <summary>Images per run.</summary>
    internal static readonly Histogram<int> BatchSize =
        Meter.CreateHistogram<int>("winnow.inference.batch.size", "{image}", "Images per run of the backbone.");

    /// <summary>Seconds to decode, resize and normalise one batch.</summary>
    internal static readonly Histogram<double> DecodeTime =
        Meter.CreateHistogram<double>("winnow.inference.decode.duration", "s", "Decoding and resizing of one batch, waits included.");

    /// <summary>Seconds of one run.</summary>
    internal static readonly Histogram<double> RunTime =
        Meter.CreateHistogram<double>("winnow.inference.run.duration", "s", "One run of the backbone.");

    internal static readonly KeyValuePair<string, object?> Scored = new("outcome", "scored");
    internal static readonly KeyValuePair<string, object?> Refused = new("outcome", "refused");
}
