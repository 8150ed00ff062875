using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Winnow.Cluster.Tests.Failover;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Security;

/// <summary>A silo that is alone has no door but the one for HTTP: nobody can join it, and others of its kind run beside it.</summary>
[Trait("kind", "security")]
[Collection(ProcessesCollection.Name)]
public sealed class AloneTests
{
    [Fact]
    public async Task Two_silos_on_one_machine_open_no_port_for_others_and_do_not_meet()
    {
        var port = SiloProcess.FreePort();
        var operators = SiloProcess.FreePort();
        string[] same = ["--Cluster:SiloPort", port.ToString(CultureInfo.InvariantCulture), "--Scoring:Workers", "1"];
        await using var first = await SiloProcess.StartAsync(new SiloProcessOptions { Arguments = same });
        await using var second = await SiloProcess.StartAsync(new SiloProcessOptions
        {
            Arguments = [.. same, "--Metrics:Url", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{operators}")],
        });
        Assert.Equal([first.Url.Port], ProcessSockets.Of(first.Id));
        Assert.Equal([.. new[] { second.Url.Port, operators }.Order()], ProcessSockets.Of(second.Id));
        Assert.Equal(SocketError.ConnectionRefused, await ConnectAsync(port));
        Assert.Equal((0, 0), ((await first.ReportAsync())?.Successors, (await second.ReportAsync())?.Successors));
        Assert.Equal(0, await first.TerminateAsync());
        Assert.Equal(0, await second.TerminateAsync());
    }

    private static async Task<SocketError> ConnectAsync(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
