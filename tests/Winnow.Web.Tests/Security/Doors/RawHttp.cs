using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Winnow.Web.Tests.Security.Doors;

/// <summary>What came back on one connection.</summary>
/// <param name="Statuses">Of each answer, in their order.</param>
/// <param name="Closed">Whether the server closed the connection; otherwise it still stood when the awaited answers had come.</param>
/// <param name="Text">All of it.</param>
internal sealed record RawAnswer(IReadOnlyList<int> Statuses, bool Closed, string Text);

/// <summary>A caller without a library in between: it sends what no client would.</summary>
internal static partial class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Sends text as it is, Latin-1 byte for byte; reads to the connection's end, or until so many answers are there.</summary>
    public static async Task<RawAnswer> SendAsync(Uri address, string text, int answers = int.MaxValue)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(address.Host, address.Port, patience.Token);
        var stream = tcp.GetStream();
        var read = new StringBuilder();
        var buffer = new byte[1 << 14];
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(text), patience.Token);
            while (Statuses(read).Count < answers)
            {
                var count = await stream.ReadAsync(buffer, patience.Token);
                if (count == 0) return new RawAnswer(Statuses(read), true, read.ToString());
                read.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (IOException)
        {
            // Reset: closed with something of ours unread.
            return new RawAnswer(Statuses(read), true, read.ToString());
        }
        catch (OperationCanceledException)
        {
            // Neither closed nor answered: whoever asserts says so.
        }
        return new RawAnswer(Statuses(read), false, read.ToString());
    }

    private static List<int> Statuses(StringBuilder read) =>
        [.. StatusLine().Matches(read.ToString()).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"(?<=^|\r\n|[^\r\n])HTTP/1\.1 (\d{3}) ")]
    private static partial Regex StatusLine();
}
