using System.Net.Sockets;
using System.Security.Authentication;

namespace Winnow.Client;

/// <summary>Why a server was not reached, and what to do about it, in a sentence each.</summary>
internal static class Unreachable
{
    /// <summary>The sentence.</summary>
    /// <param name="server">What was to be reached.</param>
    /// <param name="proxy">The proxy on the way there, if there is one.</param>
    /// <param name="problem">What came instead of an answer.</param>
    public static string Explain(Uri server, Uri? proxy, HttpRequestException problem)
    {
        var name = NameOf(server);
        var said = Innermost(problem).Message.TrimEnd('.');
        if (proxy is not null && IsBeforeServer(problem.HttpRequestError))
        {
            return $"The proxy {proxy.Authority}, which the environment names (http_proxy, https_proxy or all_proxy), does not lead "
                + $"to {name}: {said}. Correct it, or add {server.Host} to no_proxy.";
        }
        return problem.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError =>
                $"The name {server.Host} of the server {name} cannot be looked up: {said}. "
                + "Correct the address, or the machine's name service (DNS).",
            HttpRequestError.SecureConnectionError => Insecure(server, name, problem, said),
            HttpRequestError.ConnectionError => NoConnection(name, problem, said),
            HttpRequestError.InvalidResponse => $"What answers at {name} does not speak {server.Scheme}: {said}.{OtherScheme(server)}",
            _ when IsBrokenOff(problem) => BrokenOff(server, name),
            _ => $"The server {name} was not reached: {said}.",
        };
    }

    /// <summary>Whether the same request will fare no better later: something is set wrongly, here or there.</summary>
    public static bool IsLasting(HttpRequestException problem) =>
        problem.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError => Innermost(problem) is AuthenticationException,
            HttpRequestError.NameResolutionError => CodeOf(problem) is SocketError.HostNotFound or SocketError.NoData,
            var other => other is HttpRequestError.InvalidResponse or HttpRequestError.VersionNegotiationError,
        };

    /// <summary>Whether there was a connection, and it ended before an answer had come.</summary>
    public static bool IsBrokenOff(HttpRequestException problem) => problem.HttpRequestError switch
    {
        HttpRequestError.ResponseEnded => true,
        HttpRequestError.Unknown => Innermost(problem) is IOException or SocketException,
        _ => false,
    };

    private static bool IsBeforeServer(HttpRequestError error) =>
        error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError;

    private static string NoConnection(string name, Exception problem, string said) => CodeOf(problem) switch
    {
        SocketError.ConnectionRefused => $"Nothing listens at {name}: start the server there, or correct the address.",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown =>
            $"No way leads to {name} from this machine ({said}): check the address and the network.",
        SocketError.TimedOut => Silent(name),
        _ => $"The server {name} cannot be reached: {said}. Is it running, and is the address right?",
    };

    /// <summary>What a server is called in sentences.</summary>
    public static string NameOf(Uri server) => server.GetLeftPart(UriPartial.Path).TrimEnd('/');

    /// <summary>Nobody took the connection up in time.</summary>
    public static string Silent(string name) =>
        $"Nothing at {name} takes up a connection: check the address, and the firewalls on the way there.";

    private static string Insecure(Uri server, string name, Exception problem, string said)
    {
        if (Innermost(problem) is not AuthenticationException)
            return $"The server {name} broke off before the connection was secure: {said}. Does it speak https?";
        if (!said.Contains("certificate", StringComparison.OrdinalIgnoreCase))
            return $"What listens at {name} does not speak https: write http:// in the address if that is what it speaks.";
        if (said.Contains("NameMismatch", StringComparison.Ordinal))
            return $"The certificate of {name} is not for {server.Host}: use a name that it is for, or have one made for this name.";
        if (said.Contains("NotTimeValid", StringComparison.Ordinal))
            return $"The certificate of {name} has ended or has not begun yet: have it renewed, or set this machine's clock.";
        if (said.Contains("Chain", StringComparison.OrdinalIgnoreCase))
        {
            return $"The certificate of {name} comes from an issuer whom this machine does not trust: "
                + "add the issuer's certificate to the machine's trusted ones, or name its file in SSL_CERT_FILE.";
        }
        return $"The certificate of {name} is not accepted: {said}.";
    }

    private static string BrokenOff(Uri server, string name) =>
        $"The server {name} closed the connection before it had answered.{OtherScheme(server)}";

    private static string OtherScheme(Uri server) =>
        server.Scheme == Uri.UriSchemeHttp ? " If it speaks https, write https:// in the address." : "";

    private static SocketError? CodeOf(Exception problem) => (Innermost(problem) as SocketException)?.SocketErrorCode;

    private static Exception Innermost(Exception problem) => problem.InnerException is { } inner ? Innermost(inner) : problem;
}
