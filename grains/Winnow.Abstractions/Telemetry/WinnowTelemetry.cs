using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Winnow.Abstractions.Telemetry;

/// <summary>
/// Every meter, instrument and activity source of Winnow by name, in one place: dashboards and alerts are written against this file.
/// Names follow OpenTelemetry's conventions: dotted, singular units in braces, seconds for durations.
/// </summary>
public static class WinnowTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Winnow";

    /// <summary>Name of the meter of the inference engine, which knows nothing of the cluster.</summary>
    public const string InferenceName = "Winnow.Inference";

    public static readonly ActivitySource Activities = new(Name);

    public static readonly Meter Meter = new(Name);

    /// <summary>Images taken in; tags <c>dataset</c>, <c>status</c>.</summary>
    public static readonly Counter<long> IngestedImages = Meter.CreateCounter<long>("winnow.ingest.images", "{image}", "Images taken in, by status.");

    /// <summary>Bytes taken in; tag <c>dataset</c>.</summary>
    public static readonly Counter<long> IngestedBytes = Meter.CreateCounter<long>("winnow.ingest.bytes", "By", "Bytes of images taken in.");

    /// <summary>Images embedded; tags <c>dataset</c>.</summary>
    public static readonly Counter<long> EmbeddedImages = Meter.CreateCounter<long>("winnow.scoring.images", "{image}", "Images embedded and committed.");

    /// <summary>Images put aside; tags <c>dataset</c>.</summary>
    public static readonly Counter<long> QuarantinedImages = Meter.CreateCounter<long>("winnow.quarantine.images", "{image}", "Images put aside with a reason.");

    /// <summary>Decisions; tags <c>dataset</c>, <c>status</c>.</summary>
    public static readonly Counter<long> Decisions = Meter.CreateCounter<long>("winnow.review.decisions", "{decision}", "Decisions of people, by what became of them.");

    /// <summary>Leases handed out; tag <c>dataset</c>.</summary>
    public static readonly Counter<long> Leases = Meter.CreateCounter<long>("winnow.review.leases", "{lease}", "Review tasks handed out.");

    /// <summary>Time of one step of a round; tags <c>dataset</c>, <c>arm</c>, <c>step</c>.</summary>
    public static readonly Histogram<double> RoundStepDuration = Meter.CreateHistogram<double>("winnow.round.step.duration", "s", "Time that one step of a round took.");

    /// <summary>Rounds ended; tags <c>dataset</c>, <c>arm</c>, <c>outcome</c>.</summary>
    public static readonly Counter<long> Rounds = Meter.CreateCounter<long>("winnow.round.ended", "{round}", "Rounds ended, by outcome.");

    /// <summary>Time to renew the scores of one shard; tag <c>dataset</c>.</summary>
    public static readonly Histogram<double> RescoreDuration = Meter.CreateHistogram<double>("winnow.rescore.duration", "s", "Time to renew and publish the scores of one shard.");

    /// <summary>Requests with a key or token that was not accepted; tag <c>reason</c>: key, malformed, revoked, expired, token, subject.</summary>
    public static readonly Counter<long> AuthenticationFailures = Meter.CreateCounter<long>("winnow.auth.failures", "{request}", "Requests whose key or token was not accepted, by reason.");
}
