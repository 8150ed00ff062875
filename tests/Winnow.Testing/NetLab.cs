namespace Winnow.Testing;

/// <summary>Hosts in network namespaces, to be cut off and healed. One at a time on a machine.</summary>
public sealed class NetLab : IAsyncDisposable
{
    /// <summary>This machine's address in the lab.</summary>
    public const string Here = "10.77.0.254";

    private static readonly Dictionary<string, string> Name = new() { ["NET_LAB"] = "wlab" };

    private NetLab(IReadOnlyDictionary<string, string> hosts) => Hosts = hosts;

    /// <summary>Addresses by host.</summary>
    public IReadOnlyDictionary<string, string> Hosts { get; }

    /// <summary>Makes hosts.</summary>
    public static async Task<NetLab> StartAsync(params string[] hosts)
    {
        // What a killed test left.
        await RunAsync("down");
        var lines = await RunAsync(["up", .. hosts]);
        return new NetLab(hosts.Zip(lines).ToDictionary(h => h.First, h => h.Second.Split(' ')[1]));
    }

    /// <summary>What to start a program under, for it to run on a host.</summary>
    public static string[] On(string host) => ["ip", "netns", "exec", $"{Name["NET_LAB"]}-{host}"];

    /// <summary>Unplugs a host: nothing gets through, and nobody is told.</summary>
    public Task CutAsync(string host) => RunAsync("cut", host);

    public Task HealAsync(string host) => RunAsync("heal", host);

    /// <summary>A host loses sight of some others, and of nobody else.</summary>
    public Task PartAsync(string host, params string[] others) => RunAsync(["part", host, .. others]);

    public Task JoinAsync(string host, params string[] others) => RunAsync(["join", host, .. others]);

    public async ValueTask DisposeAsync() => await RunAsync("down");

    private static Task<string[]> RunAsync(params string[] arguments) => ServiceScript.RunAsync("net-lab", arguments, Name);
}
