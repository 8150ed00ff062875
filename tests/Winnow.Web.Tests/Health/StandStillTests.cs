using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Health;

/// <summary>Whoever stands still, on either end, in the middle of whatever, is given up after a time.</summary>
[Trait("kind", "security")]
public sealed class StandStillTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-still-");
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TcpClient> _callers = [];

    public StandStillTests() => _listener.Start();

    public void Dispose()
    {
        _stop.Cancel();
        foreach (var caller in _callers) caller.Dispose();
        _listener.Stop();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    private WinnowClient Client(int seconds = 3) => new(new WinnowClientOptions
    {
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}")),
        Timeout = TimeSpan.FromSeconds(seconds),
        RestoreTimeout = TimeSpan.FromSeconds(seconds),
        RetryAttempts = 0,
    });

    /// <summary>A server that answers the head of each request with this text, reads on where it is to, and says nothing more.</summary>
    private async Task AnswerAsync(string text, bool readsOn)
    {
        while (!_stop.IsCancellationRequested)
        {
            var caller = await _listener.AcceptTcpClientAsync(_stop.Token);
            // Kept, so that no collector closes it.
            _callers.Add(caller);
            var stream = caller.GetStream();
            var buffer = new byte[1 << 16];
            await stream.ReadAtLeastAsync(buffer, 16, cancellationToken: _stop.Token);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text), _stop.Token);
            while (readsOn && await stream.ReadAsync(buffer, _stop.Token) > 0)
            {
            }
        }
    }

    [Theory]
    [InlineData("export")]
    [InlineData("backup")]
    [InlineData("verify")]
    public async Task An_answer_that_stands_still_is_given_up_and_leaves_nothing(string what)
    {
        const string Begun = "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        var answering = AnswerAsync(Begun, readsOn: false);
        using var client = Client();
        Func<Task> call = what switch
        {
            "export" => () => client.WriteExportAsync("pets", 1, "csv", Path.Combine(_folder.FullName, "out")),
            "backup" => () => client.BackupAsync("pets", Path.Combine(_folder.FullName, "pets.tar")),
            _ => async () =>
            {
                await foreach (var _ in client.VerifyAsync("pets"))
                {
                }
            }
            ,
        };
        var given = await Assert.ThrowsAsync<TimeoutException>(() => call().WaitAsync(Patience));
        Assert.Contains("stood still for 3 s, after 5 bytes", given.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
        Assert.False(answering.IsFaulted);
    }

    [Theory]
    [InlineData(false, "took nothing of the backup for 3 s")]
    [InlineData(true, "had all of the backup and did not answer")]
    public async Task A_server_that_takes_nothing_or_never_answers_is_given_up(bool readsOn, string why)
    {
        var answering = AnswerAsync("HTTP/1.1 100 Continue\r\n\r\n", readsOn);
        // Who reads on may be kept from it for a while, on a machine with other work.
        using var client = Client(readsOn ? 5 : 3);
        // More than the system keeps for a socket.
        using var backup = new MemoryStream(new byte[64 << 20]);
        var given = await Assert.ThrowsAsync<TimeoutException>(() => client.RestoreStreamAsync(backup).WaitAsync(Patience));
        Assert.Contains(why, given.Message, StringComparison.Ordinal);
        Assert.False(answering.IsFaulted);
    }

    [Theory]
    [InlineData("/api/v1/restore", "application/x-tar", "half of a header")]
    [InlineData("/api/v1/datasets", "application/json", "{\"name\":")]
    [InlineData("/api/v1/datasets/pets/images", "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"1.png\"\r\n\r\nhalf of an im")]
    public async Task A_caller_that_stops_in_the_middle_of_a_body_is_told_so(string path, string type, string half)
    {
        await using var server = await OwnServer.StartAsync();
        await server.Client.CreateDatasetAsync(new CreateDataset("pets", new LabelSchema { Classes = [new("cat"), new("dog")] }));
        LosePatience(server);
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        var head = $"POST {path} HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: {type}\r\nContent-Length: 100000";
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{head}\r\n\r\n{half}"));
        using var answer = new StreamReader(caller.GetStream());
        Assert.Equal("HTTP/1.1 408 Request Timeout", await answer.ReadLineAsync().WaitAsync(Patience));
        var said = await answer.ReadToEndAsync().WaitAsync(Patience);
        Assert.Contains($"body came for 1 s, after {half.Length} bytes", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_stops_after_much_of_a_lot_is_told_so()
    {
        const int Sent = 5 << 20;
        await using var server = await OwnServer.StartAsync();
        await server.Client.CreateDatasetAsync(new CreateDataset("pets", new LabelSchema { Classes = [new("cat"), new("dog")] }));
        LosePatience(server);
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        const string Part = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"1.png\"\r\n\r\n";
        var head = $"POST /api/v1/datasets/pets/images HTTP/1.1\r\nHost: {server.Address.Authority}\r\n"
            + $"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {2 * Sent}\r\n\r\n{Part}";
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        await caller.GetStream().WriteAsync(new byte[Sent]);
        using var answer = new StreamReader(caller.GetStream());
        Assert.Equal("HTTP/1.1 408 Request Timeout", await answer.ReadLineAsync().WaitAsync(Patience));
        Assert.Contains("came for 1 s, after", await answer.ReadToEndAsync().WaitAsync(Patience), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_takes_nothing_of_an_answer_is_given_up()
    {
        var log = new ErrorLog(LogLevel.Warning);
        await using var server = await OwnServer.StartAsync(
            s => s.AddSingleton<ILoggerProvider>(log), null, "--Logging:LogLevel:Winnow.Web", "Warning");
        await server.Client.CreateDatasetAsync(new CreateDataset("pets", new LabelSchema { Classes = [new("cat"), new("dog")] }));
        await foreach (var _ in server.Client.ImportAsync("pets", LargeAsync()))
        {
        }
        LosePatience(server);
        using var caller = new TcpClient { ReceiveBufferSize = 4096 };
        await caller.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        var request = $"GET /api/v1/datasets/pets/backup HTTP/1.1\r\nHost: {server.Address.Authority}\r\n\r\n";
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        await Until.TrueAsync(() => Task.FromResult(log.Lines.Any(l => l.Contains("took nothing for 00:00:01", StringComparison.Ordinal))),
            Patience, () => "the caller is given up");
    }

    /// <summary>From here on, so that what comes before may take its time on a busy machine.</summary>
    private static void LosePatience(OwnServer server) =>
        server.Services.GetRequiredService<ApiOptions>().BodyTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Files that are no images, of which a backup is as large as they are.</summary>
    private static async IAsyncEnumerable<ImageToImport> LargeAsync()
    {
        for (var i = 0; i < 8; i++)
        {
            var bytes = new byte[4 << 20];
            bytes[0] = (byte)i;
            yield return new ImageToImport($"{i}.png", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes));
        }
        await Task.CompletedTask;
    }
}
