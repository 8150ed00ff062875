using System.Net;

namespace Winnow.Cli;

/// <summary>
/// What is said of a proxy that the environment names and that cannot be one: the class library passes over such a value without a word,
/// and whoever set it believes that it is asked.
/// </summary>
internal static class ProxyNote
{
    private static readonly string[] Secure = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    private static readonly string[] Plain = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

    /// <summary>The sentence, without the value, in which a password may stand; null where there is nothing to say.</summary>
    /// <param name="server">What is to be asked.</param>
    /// <param name="proxy">What the class library made of the environment.</param>
    /// <param name="environment">The variables.</param>
    public static string? Of(Uri server, IWebProxy proxy, Func<string, string?> environment)
    {
        // Only the address is asked for, not whether no_proxy excepts the server: it is null where no value was understood.
        if (server.IsLoopback || proxy.GetProxy(server) is not null) return null;
        var names = server.Scheme == Uri.UriSchemeHttps ? Secure : Plain;
        var set = names.Where(n => environment(n) is { Length: > 0 } && !IsHeader(n, environment)).ToArray();
        return set.Length == 0
            ? null
            : $"{string.Join(" and ", set)} is no address of a proxy, so {server.Authority} is asked without one: "
                + "write it as http://proxy.example:3128, or unset it.";
    }

    /// <summary>In a program behind a web server HTTP_PROXY is what a caller sent in a header, and nobody's setting.</summary>
    private static bool IsHeader(string name, Func<string, string?> environment) =>
        name == "HTTP_PROXY" && environment("GATEWAY_INTERFACE") is not null;
}
