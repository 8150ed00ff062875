using System.Diagnostics;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>
/// Calls every part of a dataset through one silo, without repeating anything: an image of every shard, the queue, the status. The cluster
/// has recovered when all of these succeed, having begun after the failure.
/// </summary>
internal sealed class SoakProbe(Uri address, string dataset, IReadOnlyList<ImageId> images) : IDisposable
{
    // Longer than a silo waits for another: then it says which call that was.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly WinnowClient _client =
        new(new WinnowClientOptions { Address = address, Actor = "probe", RetryAttempts = 0, Timeout = Patience });

    /// <summary>How long after <paramref name="failed"/> (a timestamp) all calls succeed again.</summary>
    public async Task<TimeSpan> RecoverAsync(long failed, TimeSpan limit)
    {
        while (true)
        {
            if (await AllSucceedAsync(failed)) return Stopwatch.GetElapsedTime(failed);
            if (Stopwatch.GetElapsedTime(failed) > limit) throw new TimeoutException($"{limit} after the failure calls still fail: {Last}");
        }
    }

    /// <summary>What the last failed call said.</summary>
    public string? Last { get; private set; }

    /// <summary>The call that took longest: which it was, when after the failure it began, how long it took, and what came of it.</summary>
    public (string Call, TimeSpan Began, TimeSpan Took, string? Failure) Slowest { get; private set; }

    private async Task<bool> AllSucceedAsync(long failed)
    {
        var done = await Task.WhenAll([
            .. images.Select(i => TimeAsync(failed, $"image {i}", () => _client.GetImageAsync(dataset, i))),
            TimeAsync(failed, "lease", LeaseAsync), TimeAsync(failed, "status", () => _client.GetStatusAsync(dataset)),
        ]);
        return done.All(d => d);
    }

    private async Task<bool> TimeAsync(long failed, string call, Func<Task> act)
    {
        var (began, started) = (Stopwatch.GetElapsedTime(failed), Stopwatch.GetTimestamp());
        string? failure = null;
        try
        {
            await act();
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or WinnowApiException or IOException)
        {
            Last = failure = e.Message;
        }
        lock (images)
        {
            if (Stopwatch.GetElapsedTime(started) is var took && took > Slowest.Took) Slowest = (call, began, took, failure);
        }
        return failure is null;
    }

    private async Task LeaseAsync()
    {
        var tasks = await _client.LeaseAsync(dataset, new LeaseRequest(1, 0));
        if (tasks.Count > 0) await _client.ReleaseAsync(dataset, [.. tasks.Select(t => t.Image)]);
    }

    public void Dispose() => _client.Dispose();
}
