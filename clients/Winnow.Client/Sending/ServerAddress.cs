namespace Winnow.Client;

/// <summary>
/// Where the paths of a server begin. What stands behind its host is kept, so that a server may live below a path of a larger site; whether
/// a slash ends the address changes nothing.
/// </summary>
internal sealed class ServerAddress
{
    private readonly string _prefix;

    public ServerAddress(Uri address)
    {
        Uri = address;
        _prefix = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
    }

    /// <summary>As it was given.</summary>
    public Uri Uri { get; }

    /// <summary>The address of a path of the API, which begins with a slash.</summary>
    public Uri At(string path) => new(_prefix + path);

    public override string ToString() => _prefix;

    /// <summary>What is wrong with an address, as the end of a sentence; null when nothing is.</summary>
    public static string? Check(Uri address)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            return $"must be an http or https address such as http://127.0.0.1:5080, not '{address.OriginalString}'.";
        // Neither would ever be sent, and a password would stand in every message.
        if (address.UserInfo.Length > 0) return "has a name or password before its host. Leave it out: a key says who asks.";
        return address.Query.Length + address.Fragment.Length > 0
            ? $"has something behind its path. Give it without: {address.GetLeftPart(UriPartial.Path)}"
            : null;
    }
}
