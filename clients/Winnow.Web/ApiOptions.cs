using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web;

/// <summary>The front door.</summary>
public sealed class ApiOptions
{
    /// <summary>
    /// The operator's key, sent as <c>Authorization: Bearer</c>: the owner of the cluster, who makes all others. 16 to 500 printable ASCII
    /// characters without blanks; line ends and blanks around them do not count. Default none, which is allowed on loopback alone.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>A file that holds the key, such as a mounted secret. Default none.</summary>
    public string? KeyFile { get; set; }

    /// <summary>An identity provider whose tokens are accepted. Default none.</summary>
    public OidcOptions? Oidc { get; set; }

    /// <summary>
    /// The proxies in front of this server, as addresses and networks separated by commas, such as <c>10.0.0.7, 10.1.0.0/16</c>. They alone
    /// are believed when they say who calls (<c>X-Forwarded-For</c>, <c>-Proto</c>, <c>-Host</c>). Default none: a caller is whoever opened
    /// the connection.
    /// </summary>
    public string? Proxies { get; set; }

    /// <summary>How much one caller may ask.</summary>
    public RequestLimits Limits { get; set; } = new();

    /// <summary>
    /// Path below which the server stands, such as <c>/winnow</c>, where a reverse proxy passes it on as it is; one that takes it off needs
    /// nothing here. Default none.
    /// </summary>
    public string? PathBase { get; set; }

    /// <summary>Largest upload of one lot, in bytes. 1 MiB to 4 GiB. Default 512 MiB.</summary>
    public long MaxLotBytes { get; set; } = 512L << 20;

    /// <summary>Longest time that a body may stand still, on its way in or out. 1 s to 1 h. Default 60 s.</summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a browser stays signed in, at most; never longer than the key that it was signed in with. 5 min to 30 days. Default 12 h.
    /// </summary>
    public TimeSpan SessionLife { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Where the studio's files lie: beside the program, unless a test has others.</summary>
    internal string StudioFolder { get; set; } = Path.Combine(AppContext.BaseDirectory, "studio");

    /// <summary>The key in force.</summary>
    /// <exception cref="ArgumentException">The key file cannot be read, or the key is not sound.</exception>
    internal string? ReadKey()
    {
        // Blank is not the same as none: a variable that was never set would open the server.
        foreach (var (name, given) in new[] { ("Api:Key", Key), ("Api:KeyFile", KeyFile) })
            if (given is not null && SecretText.Trim(given) is null)
                throw new ArgumentException($"{name} is given, and what is given is blank. Set what it is filled from, or leave it out.");
        if (Key is not null && KeyFile is not null) throw new ArgumentException("Api:Key and Api:KeyFile are both set. Leave one.");
        var (option, key) = KeyFile is null ? ("Api:Key", SecretText.Trim(Key)) : ("Api:KeyFile", SecretFile.Read("Api:KeyFile", KeyFile));
        if (key is null) return null;
        // What no header can carry would shut everybody out.
        if (key.Any(c => c is <= ' ' or > '~'))
            throw new ArgumentException($"{option} must hold visible ASCII characters without spaces. Make one with: openssl rand -hex 24");
        return key.Length is >= 16 and <= 500
            ? key
            : throw new ArgumentException($"{option} must have 16 to 500 characters. Make one with: openssl rand -hex 24");
    }

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (MaxLotBytes is < 1 << 20 or > 4L << 30) return $"Api:MaxLotBytes must be {1 << 20} to {4L << 30}, not {MaxLotBytes}.";
        if (BodyTimeout < TimeSpan.FromSeconds(1) || BodyTimeout > TimeSpan.FromHours(1))
            return $"Api:BodyTimeout must be 1 s to 1 h, not {BodyTimeout}.";
        if (SessionLife < TimeSpan.FromMinutes(5) || SessionLife > TimeSpan.FromDays(30))
            return $"Api:SessionLife must be 5 min to 30 days, not {SessionLife}.";
        if (PathBase is { Length: > 0 } below && (below[0] != '/' || below.Length == 1 || below[^1] == '/'))
            return $"Api:PathBase must begin with a slash and not end with one, such as /winnow, not '{below}'.";
        return TrustedProxies.Check(Proxies) ?? Oidc?.Check() ?? Limits.Check();
    }
}
