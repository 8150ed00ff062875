using System.Globalization;

namespace Winnow.Testing;

/// <summary>What a process listens on, as the kernel tells it: what a server says of itself proves nothing.</summary>
public static class ListeningPorts
{
    private const string Listening = "0A";

    /// <summary>The TCP ports that a process listens on, on any address, in order. Linux alone can tell.</summary>
    public static int[] Of(int process)
    {
        var root = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}");
        var sockets = Directory.EnumerateFileSystemEntries(Path.Combine(root, "fd")).Select(Target).ToHashSet();
        return [.. new[] { "tcp", "tcp6" }.SelectMany(t => File.ReadLines(Path.Combine(root, "net", t)).Skip(1))
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f[3] == Listening && sockets.Contains($"socket:[{f[9]}]"))
            .Select(f => int.Parse(f[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .Distinct().Order()];
    }

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
