using System.Diagnostics;
using Winnow.Adapters.Objects.S3;
using Winnow.Adapters.Tests.Support;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Objects.S3;

/// <summary>A server that hangs or is away, and comes back.</summary>
[Trait("needs", "s3")]
public sealed class S3OutageTests : IAsyncLifetime
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private S3Server _server = null!;

    public async Task InitializeAsync() => _server = await S3Server.StartOwnAsync();

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_meets_an_outage_goes_on_by_itself_or_ends_with_a_reason()
    {
        var options = S3Stores.Options(_server, _folder);
        options.Timeout = TimeSpan.FromMilliseconds(500);
        var sent = new SemaphoreSlim(0);
        var counter = new RequestCounter();
        using var store = await S3Stores.OpenAsync(options, counter);
        var health = new S3Health(store, TimeProvider.System);
        await store.PutAsync("a/old", new byte[] { 1 }, Never);

        // It hangs in the middle of a lot, and goes on.
        var lot = Enumerable.Range(0, 400).Select(i => ($"lot/{i:D3}", (ReadOnlyMemory<byte>)new byte[2_000])).ToList();
        var before = counter.Count;
        using var paused = new ManualResetEventSlim();
        counter.OnSend = _ =>
        {
            if (counter.Count != before + 100) return;
            sent.Release();
            // However late the test's own turn comes, one of the lot is still to be sent.
            paused.Wait();
        };
        var putting = store.PutManyIfAbsentAsync(lot, Never);
        Assert.True(await sent.WaitAsync(TimeSpan.FromSeconds(30)));
        await _server.PauseAsync();
        counter.OnSend = _ => { if (counter.Count > before + 420) sent.Release(); };
        paused.Set();
        Assert.NotNull(await health.CheckAsync(Never));
        Assert.False(putting.IsCompleted);
        await _server.ResumeAsync();
        await putting;
        Assert.Null(await health.CheckAsync(Never));
        foreach (var (key, _) in lot) Assert.Equal(2_000, (await store.GetAsync(key, Never))!.Value.Length);

        // It hangs for longer than anyone waits: a clear end, within its time.
        var impatientOptions = S3Stores.Options(_server, _folder, options.Bucket);
        (impatientOptions.CacheFolder, impatientOptions.Timeout, impatientOptions.RetryFor) =
            (_folder.At("cache-2"), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(1));
        using var impatient = new S3ObjectStore(impatientOptions, TimeProvider.System);
        await store.PutAsync("a/large", (stream, token) => stream.WriteAsync(new byte[64 << 20], token).AsTask(), Never);
        await using var reading = await impatient.OpenReadAsync("a/large", Never);
        await reading!.ReadExactlyAsync(new byte[1 << 20]);
        await _server.PauseAsync();
        // A large object is read as it comes, so its end cannot be here already.
        Assert.Contains("nothing came for 0.3 s", (await Assert.ThrowsAsync<S3Exception>(() => reading.CopyToAsync(Stream.Null))).Message,
            StringComparison.Ordinal);
        var watch = Stopwatch.StartNew();
        var late = await Assert.ThrowsAsync<S3Exception>(() => impatient.PutAsync("a/late", new byte[] { 2 }, Never));
        Assert.Contains("no answer within 0.3 s", late.Message, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(8));
        await _server.ResumeAsync();

        // It is away: callers wait for it, and what was stored is there.
        await _server.DownAsync();
        var refused = await Assert.ThrowsAsync<S3Exception>(() => impatient.GetAsync("a/old", Never));
        Assert.Contains("Is it running", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be reached", await health.CheckAsync(Never), StringComparison.Ordinal);
        var waiting = store.GetAsync("a/old", Never);
        await _server.UpAsync();
        Assert.Equal([1], (await waiting)!.Value.ToArray());
        Assert.Null(await health.CheckAsync(Never));
        using var cancelled = new CancellationTokenSource();
        await _server.PauseAsync();
        var given = store.GetAsync("a/old", cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        await _server.ResumeAsync();
    }
}
