using System.Globalization;

namespace Winnow.Testing;

/// <summary>What a process listens on and is connected to, as the kernel tells it: what a server says of itself proves nothing.</summary>
public static class ProcessSockets
{
    private const string Listening = "0A";
    private const string Established = "01";

    /// <summary>The TCP ports that a process listens on, on any address, in order. Linux alone can tell.</summary>
    public static int[] Of(int process) => [.. Sockets(process, Listening).Select(s => s.Local).Distinct().Order()];

    /// <summary>How many TCP connections a process has to or from any of these ports, as far as its end knows.</summary>
    public static int Connections(int process, IReadOnlySet<int> ports) =>
        Sockets(process, Established).Count(s => ports.Contains(s.Local) || ports.Contains(s.Remote));

    private static IEnumerable<(int Local, int Remote)> Sockets(int process, string state)
    {
        var root = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}");
        var own = Directory.EnumerateFileSystemEntries(Path.Combine(root, "fd")).Select(Target).ToHashSet();
        return new[] { "tcp", "tcp6" }.SelectMany(t => File.ReadLines(Path.Combine(root, "net", t)).Skip(1))
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f[3] == state && own.Contains($"socket:[{f[9]}]"))
            .Select(f => (Port(f[1]), Port(f[2])));
    }

    private static int Port(string endPoint) =>
        int.Parse(endPoint.Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // Descriptors come and go while they are read.
    private static string? Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
