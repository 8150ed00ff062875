
namespace Winnow.Silo.Hosting.Settings;

/// <summary>Where the figures, traces and logs of a silo go.</summary>
public sealed class TelemetryOptions
{
    /// <summary>Address of an OTLP receiver for metrics, traces and logs, such as <c>http://collector:4317</c>. Default none.</summary>
    public string? Otlp { get; set; }

    /// <summary>
    /// How the receiver is spoken to: <c>grpc</c>, or <c>http</c> for protobuf over HTTP, where <see cref="Otlp"/> is the address before
    /// <c>/v1/…</c>. Default grpc.
    /// </summary>
    public string OtlpProtocol { get; set; } = "grpc";

    /// <summary>
    /// Share of new traces that are kept, 0 to 1; a trace that a caller began is kept when the caller keeps it. Default 1.
    /// </summary>
    public double OtlpSample { get; set; } = 1;

    /// <summary>The listener for operators.</summary>
    public TelemetryListener Metrics { get; set; } = new();

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (Otlp is not null && !(Uri.TryCreate(Otlp, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
            return $"Otlp must be an http or https address, not '{Otlp}'.";
        if (OtlpProtocol is not ("grpc" or "http")) return $"OtlpProtocol must be grpc or http, not '{OtlpProtocol}'.";
        if (OtlpSample is not (>= 0 and <= 1)) return $"OtlpSample must be 0 to 1, not {OtlpSample}.";
        return Metrics.Check();
    }
}
