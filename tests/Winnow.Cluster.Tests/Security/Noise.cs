using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Winnow.Algorithms.Numerics;

namespace Winnow.Cluster.Tests.Security;

/// <summary>
/// Whatever strangers send to a port: nothing, scraps of protocols, the wrong one, and then they hang up or do not. It comes from an
/// address of its own.
/// </summary>
internal sealed class Noise(IPEndPoint target, ulong seed)
{
    private static readonly IPAddress Stranger = IPAddress.Parse("127.0.0.2");

    private static readonly byte[][] Scraps =
    [
        "GET / HTTP/1.1\r\nHost: silo\r\n\r\n"u8.ToArray(),
        // A TLS greeting that ends in the middle.
        [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0x7a],
        // What Orleans begins with: a length, here one that nobody has memory for, one below nothing, and one that is never made good.
        [0xff, 0xff, 0xff, 0x7f, 0x01, 0x02], [0xff, 0xff, 0xff, 0xff, 0x01, 0x02], [0x20, 0x00, 0x00, 0x00, 0x01],
        [0x16],
    ];

    private int _made;

    /// <summary>How many connections were made.</summary>
    public int Made => _made;

    /// <summary>Connects and says nothing.</summary>
    public Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(Stranger, 0));
        socket.Connect(target);
        Interlocked.Increment(ref _made);
        return socket;
    }

    /// <summary>Waits until the other end has hung up.</summary>
    public static async Task EndedAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], cancellationToken));
        }
        catch (SocketException)
        {
            // Hung up without a word.
        }
    }

    /// <summary>Makes noise until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var random = new SeededRandom(seed);
        while (!cancellationToken.IsCancellationRequested)
        {
            using var socket = Open();
            try
            {
                await SayAsync(socket, random, cancellationToken);
                // Gone as if the cable had been cut.
                if (random.Next(2) == 0) socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException)
            {
                // Refused, as it should be.
            }
        }
    }

    private static async Task SayAsync(Socket socket, SeededRandom random, CancellationToken cancellationToken)
    {
        switch (random.Next(3))
        {
            case 0:
                await socket.SendAsync(Scraps[random.Next(Scraps.Length)], cancellationToken);
                return;
            case 1:
                await socket.SendAsync(Enumerable.Range(0, 1 + random.Next(400)).Select(_ => (byte)random.Next(256)).ToArray(),
                cancellationToken);
                return;
            default:
                await using (var stream = new SslStream(new NetworkStream(socket, ownsSocket: false)))
                {
                    await stream.AuthenticateAsClientAsync(
                        new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
                        cancellationToken);
                    await stream.WriteAsync(Scraps[random.Next(Scraps.Length)], cancellationToken);
                }
                return;
        }
    }
}
