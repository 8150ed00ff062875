using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Winnow.Abstractions.Telemetry;

/// <summary>
/// Every meter, counter, histogram and activity source of Winnow by name, in one place; what is read off the live grains stands in
/// <c>SiloGauges</c> beside them. Dashboards, alerts and autoscaling are written against these two files. Names follow OpenTelemetry's
/// conventions: dotted, singular units in braces, seconds for durations. Tags are few-valued: dataset, arm, step, stage, status, role,
/// device; never an image, a person or a lease.
/// </summary>
public static class WinnowTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Winnow";

    /// <summary>Name of the meter of the inference engine, which knows nothing of the cluster.</summary>
    public const string InferenceName = "Winnow.Inference";

    public static readonly ActivitySource Activities = new(Name);

    public static readonly Meter Meter = new(Name);

    private static readonly InstrumentAdvice<double> Milliseconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };
    private static readonly InstrumentAdvice<double> Minutes = new()
    {
        HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600],
    };
    private static readonly InstrumentAdvice<int> Counts = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] };

    /// <summary>Images taken in; tags <c>dataset</c>, <c>status</c>.</summary>
    public static readonly Counter<long> IngestedImages =
        Meter.CreateCounter<long>("winnow.ingest.images", "{image}", "Images taken in, by status.");

    /// <summary>Bytes taken in; tag <c>dataset</c>.</summary>
    public static readonly Counter<long> IngestedBytes =
        Meter.CreateCounter<long>("winnow.ingest.bytes", "By", "Bytes of images taken in.");

    /// <summary>Time from a lot's last byte to its acknowledgement; tag <c>dataset</c>.</summary>
    public static readonly Histogram<double> IngestDuration =
        Meter.CreateHistogram("winnow.ingest.duration", "s", "Time to take in one lot, from its last byte to rows on disk.", tags: null,
            Milliseconds);

    /// <summary>Images embedded; tags <c>dataset</c>.</summary>
    public static readonly Counter<long> EmbeddedImages =
        Meter.CreateCounter<long>("winnow.scoring.images", "{image}", "Images embedded and committed.");

    /// <summary>Images put aside; tags <c>dataset</c>.</summary>
    public static readonly Counter<long> QuarantinedImages =
        Meter.CreateCounter<long>("winnow.quarantine.images", "{image}", "Images put aside with a reason.");

    /// <summary>Decisions; tags <c>dataset</c>, <c>status</c>.</summary>
    public static readonly Counter<long> Decisions =
        Meter.CreateCounter<long>("winnow.review.decisions", "{decision}", "Decisions of people, by what became of them.");

    /// <summary>Leases handed out; tag <c>dataset</c>.</summary>
    public static readonly Counter<long> Leases = Meter.CreateCounter<long>("winnow.review.leases", "{lease}", "Review tasks handed out.");

    /// <summary>Time that somebody waited for tasks, those who got none left out; tag <c>dataset</c>.</summary>
    public static readonly Histogram<double> LeaseWait =
        Meter.CreateHistogram("winnow.review.lease.wait", "s", "Time that a person waited for tasks.", tags: null, Milliseconds);

    /// <summary>Time from a lease to its decision; tag <c>dataset</c>.</summary>
    public static readonly Histogram<double> DecisionLatency =
        Meter.CreateHistogram("winnow.review.decision.latency", "s", "Time from a lease to its decision.", tags: null, Minutes);

    /// <summary>
    /// Decisions that name a class, held against the model's prediction; tags <c>dataset</c>, <c>status</c> (agree, differ).
    /// </summary>
    public static readonly Counter<long> ModelAgreement =
        Meter.CreateCounter<long>("winnow.review.model.agreement", "{decision}", "Decisions held against the champion's prediction.");

    /// <summary>Second opinions, held against the answer that stands; tags <c>dataset</c>, <c>status</c> (agree, differ).</summary>
    public static readonly Counter<long> PeopleAgreement =
        Meter.CreateCounter<long>("winnow.review.people.agreement", "{decision}", "Second opinions held against the answer that stands.");

    /// <summary>Time of one step of a round; tags <c>dataset</c>, <c>arm</c>, <c>step</c>.</summary>
    public static readonly Histogram<double> RoundStepDuration =
        Meter.CreateHistogram("winnow.round.step.duration", "s", "Time that one step of a round took.", tags: null, Minutes);

    /// <summary>Rounds ended; tags <c>dataset</c>, <c>arm</c>, <c>status</c> (promoted, kept, failed).</summary>
    public static readonly Counter<long> Rounds = Meter.CreateCounter<long>("winnow.round.ended", "{round}", "Rounds ended, by outcome.");

    /// <summary>Time to renew the scores of one shard; tag <c>dataset</c>.</summary>
    public static readonly Histogram<double> RescoreDuration =
        Meter.CreateHistogram("winnow.rescore.duration", "s", "Time to renew and publish the scores of one shard.", tags: null, Minutes);

    /// <summary>
    /// Time of one commit as its shard sees it, the wait for its group included; tag <c>status</c> (Committed, AlreadyApplied, Conflict,
    /// Fenced, Failed).
    /// </summary>
    public static readonly Histogram<double> LedgerCommitDuration =
        Meter.CreateHistogram("winnow.ledger.commit.duration", "s", "Time of one ledger commit, the wait for its group included.",
            tags: null, Milliseconds);

    /// <summary>Commits that went to disk together.</summary>
    public static readonly Histogram<int> LedgerGroupSize =
        Meter.CreateHistogram("winnow.ledger.group.size", "{commit}", "Commits that went to disk in one transaction.", tags: null, Counts);

    /// <summary>Time of one request to the object store; tags <c>step</c> (put, get, …), <c>status</c> (ok, failed).</summary>
    public static readonly Histogram<double> ObjectRequestDuration =
        Meter.CreateHistogram("winnow.object.request.duration", "s", "Time of one request to the object store.", tags: null, Milliseconds);

    /// <summary>
    /// Requests with a key or token that was not accepted; tag <c>reason</c>: key, malformed, revoked, expired, token, subject.
    /// </summary>
    public static readonly Counter<long> AuthenticationFailures =
        Meter.CreateCounter<long>("winnow.auth.failures", "{request}", "Requests whose key or token was not accepted, by reason.");

    /// <summary>Connections that were refused at the silo port: the other end showed no certificate of the cluster.</summary>
    public static readonly Counter<long> SiloRefusals =
        Meter.CreateCounter<long>("winnow.silo.refusals", "{connection}", "Connections refused at the silo port.");
}
