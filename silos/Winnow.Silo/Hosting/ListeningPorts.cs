using System.Net;
using System.Net.Sockets;

namespace Winnow.Silo.Hosting;

/// <summary>
/// Tries the addresses that a server is to listen on before anything else of it starts. Found out at the end, a port that is taken would
/// have cost a cluster a silo that came and went.
/// </summary>
internal static class ListeningPorts
{
    /// <summary>Whether an address is written as one that a server can listen on.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static void CheckForm(string option, string url) => Parse(option, url);

    /// <summary>Tries them all.</summary>
    /// <param name="addresses">Each with the option that names it.</param>
    /// <exception cref="InvalidOperationException">One cannot be had; the message says which and why.</exception>
    public static void Try(IEnumerable<(string Option, string Url)> addresses)
    {
        var held = new List<Socket>();
        try
        {
            // Held until all are tried, so that one that is named twice is found too.
            foreach (var (option, url) in addresses)
                if (Parse(option, url) is { } address) Try(held, option, url, address.Port, EndPointsOf(address));
        }
        finally
        {
            foreach (var socket in held) socket.Dispose();
        }
    }

    /// <summary>Tries the port for other silos.</summary>
    /// <exception cref="InvalidOperationException">It cannot be had.</exception>
    public static void Try(string option, IPEndPoint endPoint)
    {
        var held = new List<Socket>();
        try
        {
            Try(held, option, endPoint.ToString(), endPoint.Port, [endPoint]);
        }
        finally
        {
            foreach (var socket in held) socket.Dispose();
        }
    }

    private static void Try(List<Socket> held, string option, string shown, int port, IEnumerable<IPEndPoint> endPoints)
    {
        if (port == 0) return;
        foreach (var endPoint in endPoints)
        {
            Socket socket;
            try
            {
                socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            }
            catch (SocketException)
            {
                // A machine without IPv6: the server does without it as well.
                continue;
            }
            held.Add(socket);
            try
            {
                if (endPoint.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
                socket.Bind(endPoint);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable
                && endPoint.Address.Equals(IPAddress.IPv6Loopback))
            {
                continue;
            }
            catch (SocketException e)
            {
                throw new InvalidOperationException($"{shown} cannot be listened on: {Reason(e, endPoint)} See --{option}.", e);
            }
        }
    }

    private static string Reason(SocketException problem, IPEndPoint endPoint) => problem.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"port {endPoint.Port} is in use by another program. Stop that one, or take another port.",
        SocketError.AccessDenied => $"this user may not use port {endPoint.Port}. Take one above 1023.",
        SocketError.AddressNotAvailable => $"this machine has no address {endPoint.Address}.",
        _ => problem.Message,
    };

    private static BindingAddress? Parse(string option, string url)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
            if (address.Port is < 0 or > IPEndPoint.MaxPort) throw new FormatException("There is no such port.");
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException($"--{option} must be an address such as http://127.0.0.1:5080, not '{url}'.", e);
        }
        if (address.Scheme is not ("http" or "https"))
            throw new InvalidOperationException($"--{option} must be an address of http or https, not '{url}'.");
        if (address.PathBase.Length > 0) throw new InvalidOperationException($"--{option} names an address without a path, not '{url}'.");
        // A socket of the file system: whoever is there is found when it is bound.
        return address.IsUnixPipe || address.IsNamedPipe ? null : address;
    }

    private static IEnumerable<IPEndPoint> EndPointsOf(BindingAddress address)
    {
        if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase))
            return [new(IPAddress.Loopback, address.Port), new(IPAddress.IPv6Loopback, address.Port)];
        if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip)) return [new(ip, address.Port)];
        // Any other host name means every address to the server; without IPv6 only those of IPv4.
        return [new(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, address.Port)];
    }
}
