namespace Winnow.Silo.Hosting;

/// <summary>A listener apart from the front door, for the cluster's own network.</summary>
public sealed class TelemetryListener
{
    /// <summary>
    /// Where <c>/metrics</c> is served to Prometheus without a key, such as <c>http://0.0.0.0:9464</c>, with a port other than the front door's.
    /// Default none: then only programs on this machine can read it, at the front door, where that listens on loopback.
    /// </summary>
    public string? Url { get; set; }

    internal int? Port => Url is { } url ? new Uri(Loopback(url)).Port : null;

    internal string? Check()
    {
        if (Url is null || (Uri.TryCreate(Loopback(Url), UriKind.Absolute, out var address) && address is { Scheme: "http", AbsolutePath: "/" })) return null;
        return $"Metrics:Url must be an address such as http://0.0.0.0:9464, not '{Url}'.";
    }

    // Wildcards such as http://+:9464 are no URIs.
    private static string Loopback(string url) => url.Replace("://+", "://localhost", StringComparison.Ordinal).Replace("://*", "://localhost", StringComparison.Ordinal);
}
