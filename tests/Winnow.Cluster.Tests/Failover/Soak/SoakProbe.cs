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
    private readonly WinnowClient _client =
        new(new WinnowClientOptions { Address = address, Actor = "probe", RetryAttempts = 0, Timeout = TimeSpan.FromSeconds(10) });

    /// <summary>How long after <paramref name="failed"/> (a timestamp) all calls succeed again.</summary>
    public async Task<TimeSpan> RecoverAsync(long failed, TimeSpan limit)
    {
        while (true)
        {
            if (await AllSucceedAsync()) return Stopwatch.GetElapsedTime(failed);
            if (Stopwatch.GetElapsedTime(failed) > limit) throw new TimeoutException($"{limit} after the failure calls still fail: {Last}");
        }
    }

    /// <summary>What the last failed call said.</summary>
    public string? Last { get; private set; }

    private async Task<bool> AllSucceedAsync()
    {
        try
        {
            await Task.WhenAll([.. images.Select(i => (Task)_client.GetImageAsync(dataset, i)), LeaseAsync(),
                _client.GetStatusAsync(dataset)]);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or WinnowApiException or IOException)
        {
            Last = e.Message;
            return false;
        }
    }

    private async Task LeaseAsync()
    {
        var tasks = await _client.LeaseAsync(dataset, new LeaseRequest(1, 0));
        if (tasks.Count > 0) await _client.ReleaseAsync(dataset, [.. tasks.Select(t => t.Image)]);
    }

    public void Dispose() => _client.Dispose();
}
