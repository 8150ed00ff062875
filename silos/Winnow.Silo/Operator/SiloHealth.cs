using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Health;
using Winnow.Model.Names;
using Winnow.Silo.Hosting.Settings;

namespace Winnow.Silo.Operator;

/// <summary>
/// Asks the stores and the cluster how they are, once for everybody who asks at the same time, and keeps the answer for a second. What is
/// wanting besides, and what is set aside, is named and leaves the silo ready.
/// </summary>
internal sealed class SiloHealth(
    IEnumerable<IStorageHealth> stores, IEmbedderProvider devices, SiloOptions options, ISetAsideStore aside, IGrainFactory grains,
    DrainState drain, TimeProvider time) : ISiloHealth
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task<HealthReport>? _last;
    private long _asked;
    private volatile IReadOnlyList<SetAsideItem> _aside = [];

    public async Task<HealthReport> CheckAsync(CancellationToken cancellationToken)
    {
        var report = await LatestAsync(cancellationToken);
        // Never from memory: whoever routes requests must learn it at once.
        if (!drain.IsDraining) return report;
        return report with
        {
            Ready = false,
            Parts = [.. report.Parts, new HealthPart("silo", "The silo is on its way out: send requests to another.")],
        };
    }

    /// <summary>What the devices of a silo that scores lack, where they say so.</summary>
    public static IEnumerable<HealthPart> Wanting(IEmbedderProvider devices, SiloOptions options)
    {
        if (!SiloTraits.Scores(options.Role) || devices is not IDegradedPart part || part.Check() is not { } problem) yield break;
        yield return new HealthPart(part.Name, problem);
    }

    private Task<HealthReport> LatestAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_last is null || (_last.IsCompleted && time.GetElapsedTime(_asked) > Fresh))
            {
                _asked = time.GetTimestamp();
                // Not on a grain's scheduler, and not ended with the first who asks.
                _last = Task.Run(AskAsync, CancellationToken.None);
            }
            return _last.WaitAsync(cancellationToken);
        }
    }

    private async Task<HealthReport> AskAsync()
    {
        var things = SetAsideAsync();
        var parts = await Task.WhenAll([.. stores.Select(s => AskAsync(s.Name, s.CheckAsync)), AskAsync("cluster", ReachGrainsAsync)]);
        HealthPart[] all = [.. parts.Concat(Wanting(devices, options)).OrderBy(p => p.Name, StringComparer.Ordinal)];
        return new HealthReport(parts.All(p => p.Problem is null), all) { SetAside = _aside = await things };
    }

    /// <summary>
    /// What is set aside; what was found last while a ledger that is away, or a long one, keeps that from being found anew.
    /// </summary>
    private async Task<IReadOnlyList<SetAsideItem>> SetAsideAsync()
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            return await aside.ListAsync(anew: false, limit.Token);
        }
        catch (Exception)
        {
            // The parts say what is away.
            return _aside;
        }
    }

    private async Task<HealthPart> AskAsync(string name, Func<CancellationToken, Task<string?>> check)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            var problem = await check(limit.Token).WaitAsync(limit.Token);
            return new HealthPart(name, problem is null ? null : ShownText.Told(problem));
        }
        catch (OperationCanceledException)
        {
            return new HealthPart(name, $"No answer within {Patience.TotalSeconds:0} s.");
        }
        catch (Exception e)
        {
            // The message of a store's exception may name hosts, never secrets; the rest is for the log.
            return new HealthPart(name, FailureText.CauseOf(e) is Orleans.Runtime.OrleansException or TimeoutException
                ? "Grains cannot be reached: no silo that holds data answers." : FailureText.Told(e));
        }
    }

    private async Task<string?> ReachGrainsAsync(CancellationToken cancellationToken)
    {
        await grains.GetGrain<ICatalogGrain>(0).PingAsync(cancellationToken);
        return null;
    }
}
