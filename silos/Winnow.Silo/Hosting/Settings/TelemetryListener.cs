
namespace Winnow.Silo.Hosting.Settings;

/// <summary>A listener apart from the front door, for the cluster's own network.</summary>
public sealed class TelemetryListener
{
    /// <summary>
    /// Where <c>/metrics</c> is served to Prometheus without a key, such as <c>http://0.0.0.0:9464</c>, with a port other than the front
    /// door's. Default none: then it is served at the front door, to callers with the permission <c>read-cluster</c>.
    /// </summary>
    public string? Url { get; set; }

    internal int? Port => Url is { } url ? new Uri(Loopback(url)).Port : null;

    internal string? Check()
    {
        // What comes in on this port is told from the front door's by the port alone, so it must be known beforehand.
        if (Url is null || (Uri.TryCreate(Loopback(Url), UriKind.Absolute, out var address)
            && address is { Scheme: "http", AbsolutePath: "/", Port: not 0 })) return null;
        return $"Metrics:Url must be an address with a port of its own such as http://0.0.0.0:9464, not '{Url}'.";
    }

    /// <summary>The same, beside the addresses of the front door.</summary>
    internal string? Check(IEnumerable<string> frontDoor)
    {
        if (Port is not { } port
            || !frontDoor.Any(u => Uri.TryCreate(Loopback(u), UriKind.Absolute, out var address) && address.Port == port)) return null;
        return $"Metrics:Url has the port {port}, which is the front door's: what has no key needs a port of its own.";
    }

    // Wildcards such as http://+:9464 are no URIs.
    private static string Loopback(string url) =>
        url.Replace("://+", "://localhost", StringComparison.Ordinal).Replace("://*", "://localhost", StringComparison.Ordinal);
}
