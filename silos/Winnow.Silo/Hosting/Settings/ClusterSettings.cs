using System.Net;
using System.Net.Sockets;
using Winnow.Grains.Ports;
using Winnow.Silo.Peers;

namespace Winnow.Silo.Hosting.Settings;

/// <summary>How a silo finds and watches the others.</summary>
public sealed class ClusterSettings
{
    /// <summary>Name of the cluster: silos of one name and one database are one cluster. Default <c>winnow</c>.</summary>
    public string ClusterId { get; set; } = "winnow";

    /// <summary>Name of the service, which outlives its clusters: reminders are kept under it. Default <c>winnow</c>.</summary>
    public string ServiceId { get; set; } = "winnow";

    /// <summary>
    /// This silo's name, by which its devices are called: 1 to 100 characters without '/'. Default the machine's name and the process id.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>
    /// Port for the other silos of a cluster, see <see cref="Tls"/>. 1 to 65,535. Default 11111. A silo that is alone opens none.
    /// </summary>
    public int SiloPort { get; set; } = 11111;

    /// <summary>
    /// The IP address that other silos reach this one at, or a name of it that this machine can resolve. Default loopback for embedded
    /// storage, else the machine's first address.
    /// </summary>
    public string? AdvertisedAddress { get; set; }

    /// <summary>The certificates by which the silos of a cluster know each other; a silo that is alone needs none.</summary>
    public SiloTlsSettings Tls { get; set; } = new();

    /// <summary>
    /// Longest time for one probe of another silo. 0.2 to 30 s. Default 1 s; three in a row that fail, and a second silo that agrees,
    /// declare it dead.
    /// </summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest time that an orderly end may take: requests finish, grains move to other silos. 1 to 600 s. Default 30 s.</summary>
    public TimeSpan ShutdownLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The highest level of the cluster that this silo takes part in, 0 to 2. Default 2, which is what this release knows. While one silo
    /// names a lower one, nothing is written that the release before cannot read, and that release can be gone back to.
    /// </summary>
    public int HighestLevel { get; set; } = ClusterLevels.Newest;

    /// <summary>
    /// How long every silo must be able to work at a higher level before it is raised, so that one of the release before that went down can
    /// come back. 0 to 24 hours. Default 30 s. A silo that is alone waits for nobody.
    /// </summary>
    public TimeSpan RaiseLevelAfter { get; set; } = TimeSpan.FromSeconds(30);

    internal string NameOrDefault => Name ?? $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>The advertised address.</summary>
    /// <exception cref="InvalidOperationException">The name cannot be resolved.</exception>
    internal IPAddress? ResolveAddress()
    {
        if (AdvertisedAddress is null) return null;
        if (IPAddress.TryParse(AdvertisedAddress, out var address)) return address;
        try
        {
            address = Dns.GetHostAddresses(AdvertisedAddress, AddressFamily.InterNetwork).FirstOrDefault();
        }
        catch (SocketException e)
        {
            throw new InvalidOperationException(
                $"Cluster:AdvertisedAddress '{AdvertisedAddress}' is no address and cannot be resolved: {e.Message}", e);
        }
        return address ?? throw new InvalidOperationException($"Cluster:AdvertisedAddress '{AdvertisedAddress}' has no IPv4 address.");
    }

    /// <summary>Where it listens for the other silos of its cluster.</summary>
    /// <exception cref="InvalidOperationException">The advertised name cannot be resolved.</exception>
    internal IPEndPoint ListensOn() =>
        new(ResolveAddress() is { } address && IPAddress.IsLoopback(address) ? address : IPAddress.Any, SiloPort);

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (string.IsNullOrWhiteSpace(ClusterId) || ClusterId.Length > 100) return "Cluster:ClusterId must have 1 to 100 characters.";
        if (string.IsNullOrWhiteSpace(ServiceId) || ServiceId.Length > 100) return "Cluster:ServiceId must have 1 to 100 characters.";
        if (Name is not null && (Name.Length is 0 or > 100 || Name.Contains('/')))
            return $"Cluster:Name must have 1 to 100 characters without '/', not '{Name}'.";
        if (SiloPort is < 1 or > 65535) return $"Cluster:SiloPort must be 1 to 65535, not {SiloPort}.";
        if (AdvertisedAddress is not null && Uri.CheckHostName(AdvertisedAddress) == UriHostNameType.Unknown)
            return $"Cluster:AdvertisedAddress must be an IP address or a host's name, not '{AdvertisedAddress}'.";
        if (HighestLevel is < ClusterLevels.Oldest or > ClusterLevels.Newest)
            return $"Cluster:HighestLevel must be {ClusterLevels.Oldest} to {ClusterLevels.Newest}, not {HighestLevel}.";
        if (RaiseLevelAfter < TimeSpan.Zero || RaiseLevelAfter > TimeSpan.FromHours(24))
            return $"Cluster:RaiseLevelAfter must be 00:00:00 to 1.00:00:00, not {RaiseLevelAfter}.";
        if (ProbeTimeout < TimeSpan.FromSeconds(0.2) || ProbeTimeout > TimeSpan.FromSeconds(30))
            return $"Cluster:ProbeTimeout must be 00:00:00.2 to 00:00:30, not {ProbeTimeout}.";
        if (ShutdownLimit < TimeSpan.FromSeconds(1) || ShutdownLimit > TimeSpan.FromSeconds(600))
            return $"Cluster:ShutdownLimit must be 00:00:01 to 00:10:00, not {ShutdownLimit}.";
        return null;
    }
}
