namespace Winnow.Silo.Operator;

/// <summary>
/// Takes this silo out in order: first the health page turns requests away, then those under way end, then the silo leaves the cluster,
/// which moves its grains to others. The process stays, to say that it is drained, until it is told to stop.
/// </summary>
internal sealed partial class Drainer(IServiceProvider services, DrainState state, Hosting.Settings.SiloOptions options, TimeProvider time,
    ILogger<Drainer> logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private Task? _work;
    private int _asking;

    /// <summary>Begins, or waits with whoever began.</summary>
    public async Task DrainAsync()
    {
        Interlocked.Increment(ref _asking);
        try
        {
            await WorkAsync();
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    private Task WorkAsync()
    {
        lock (_gate)
        {
            // A host that is stopping already does it all by itself.
            if (state.Begin()) _work = Task.Run(RunAsync);
            return _work ?? Task.CompletedTask;
        }
    }

    private async Task RunAsync()
    {
        Draining(logger, options.Cluster.NameOrDefault);
        using var limit = new CancellationTokenSource(options.Cluster.ShutdownLimit, time);
        try
        {
            // Those who asked for this are requests too, and wait for it.
            while (state.Requests > Volatile.Read(ref _asking)) await Task.Delay(Look, time, limit.Token);
        }
        catch (OperationCanceledException)
        {
            StillBusy(logger, state.Requests);
        }
        using var leaving = new CancellationTokenSource(options.Cluster.ShutdownLimit, time);
        foreach (var silo in services.GetServices<IHostedService>()
            .Where(s => s.GetType().Namespace?.StartsWith("Orleans", StringComparison.Ordinal) == true))
            await silo.StopAsync(leaving.Token);
        state.End();
        Drained(logger, options.Cluster.NameOrDefault);
    }

    [LoggerMessage(210, LogLevel.Information, "Silo {Name} is on its way out: it takes no new requests and hands over what it holds")]
    private static partial void Draining(ILogger logger, string name);

    [LoggerMessage(211, LogLevel.Warning,
        "{Count} requests had not ended when the time for it was over; their callers will repeat them elsewhere")]
    private static partial void StillBusy(ILogger logger, int count);

    [LoggerMessage(212, LogLevel.Information, "Silo {Name} has left the cluster")]
    private static partial void Drained(ILogger logger, string name);
}
