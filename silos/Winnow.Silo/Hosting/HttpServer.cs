using Winnow.Web;

namespace Winnow.Silo.Hosting;

/// <summary>The web server's own limits: what holds before a request is one.</summary>
internal static class HttpServer
{
    private const string NoBareLineFeeds = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";
    private const int LargestBody = 32 << 20;
    private static readonly TimeSpan LongestHeaders = TimeSpan.FromSeconds(30);

    public static void Configure(IWebHostBuilder web, ApiOptions options)
    {
        // Lines end as the standard has it (RFC 9112): a proxy that takes a bare LF for part of a value would see other requests than we
        // do.
        // The server reads the switch when its options are made, and has no option of that kind.
        AppContext.SetSwitch(NoBareLineFeeds, true);
        web.ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = LargestBody;
            k.Limits.MaxConcurrentConnections = options.Limits.Connections;
            // Who stands still in the middle of its headers holds a connection, as one does in the middle of a body.
            k.Limits.RequestHeadersTimeout = options.BodyTimeout < LongestHeaders ? options.BodyTimeout : LongestHeaders;
        });
    }
}
