using System.Net;

namespace Winnow.Client;

/// <summary>
/// The proxy of the environment, for all but this machine itself: no proxy elsewhere can reach what listens on loopback here.
/// </summary>
internal sealed class LoopbackProxy(IWebProxy environment) : IWebProxy
{
    public ICredentials? Credentials
    {
        get => environment.Credentials;
        set => environment.Credentials = value;
    }

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : environment.GetProxy(destination);

    public bool IsBypassed(Uri host) => host.IsLoopback || environment.IsBypassed(host);
}
