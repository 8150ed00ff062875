using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;

namespace Winnow.Web.Security;

/// <summary>
/// Takes the caller's address from proxies that are configured, and from nobody else. It stands before everything that looks at addresses.
/// </summary>
internal static class TrustedProxies
{
    /// <summary>What is wrong with the list, with the option's name; null when it is sound.</summary>
    public static string? Check(string? proxies)
    {
        foreach (var part in Parts(proxies))
            if (Read(part) is null)
                return $"Api:Proxies must be addresses and networks separated by commas, such as 10.0.0.7, 10.1.0.0/16; "
                    + $"'{part}' is neither.";
        return null;
    }

    public static void UseTrustedProxies(this WebApplication app, ApiOptions options)
    {
        if (options.Proxies is null) return;
        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            // Read from the last to the first, and no further than what a known proxy has written.
            ForwardLimit = null,
        };
        // Loopback is known by default, and this machine's own programs are no proxies unless somebody says so.
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var part in Parts(options.Proxies)) forwarded.KnownIPNetworks.Add(Read(part)!.Value);
        app.UseForwardedHeaders(forwarded);
    }

    private static string[] Parts(string? proxies) =>
        proxies?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static System.Net.IPNetwork? Read(string part)
    {
        if (System.Net.IPNetwork.TryParse(part, out var network)) return network;
        return IPAddress.TryParse(part, out var address) ? new System.Net.IPNetwork(address, address.GetAddressBytes().Length * 8) : null;
    }
}
