using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Configuration;

namespace Winnow.Silo.Peers;

/// <summary>
/// Closes the connections to a silo the moment that the others have declared it dead. Orleans keeps them for ten seconds more, for one that
/// leaves and is still owed answers; one that hangs takes all that is sent to it and never answers, and the calls that are tried again
/// because it died are the first to be sent there: each would wait for its timeout. Without a connection they are refused at once, and
/// find the way to who has taken over.
/// </summary>
internal sealed partial class DeadPeers(IServiceProvider services, ISiloStatusOracle oracle, ILogger<DeadPeers> logger)
    : ISiloStatusListener, ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ConcurrentDictionary<SiloAddress, SiloStatus> _leaving = new();
    private readonly Func<SiloAddress, Task>? _close = CloserOf(services);

    public static void Add(ISiloBuilder silo)
    {
        silo.Services.AddSingleton<DeadPeers>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(p => p.GetRequiredService<DeadPeers>());
    }

    /// <summary>Orleans' own way to close all connections to a silo, which is not public; null if a later Orleans has another.</summary>
    internal static Func<SiloAddress, Task>? CloserOf(IServiceProvider services)
    {
        const string Manager = "Orleans.Runtime.Messaging.ConnectionManager";
        var type = typeof(ConnectionOptions).Assembly.GetType(Manager);
        if (type is null || services.GetService(type) is not { } manager) return null;
        return type.GetMethod("CloseAsync", BindingFlags.Public | BindingFlags.Instance, [typeof(SiloAddress)])
            ?.CreateDelegate<Func<SiloAddress, Task>>(manager);
    }

    /// <summary>
    /// Before Orleans' own listener, which tells those who wait for the dead silo's answers: who tries again must find the way closed.
    /// </summary>
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(DeadPeers), ServiceLifecycleStage.RuntimeInitialize - 1,
        _ =>
        {
            if (_close is null) CannotClose(logger);
            else oracle.SubscribeToSiloStatusEvents(this);
            return Task.CompletedTask;
        },
        _ =>
        {
            oracle.UnSubscribeFromSiloStatusEvents(this);
            return Task.CompletedTask;
        });

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status is SiloStatus.ShuttingDown or SiloStatus.Stopping) _leaving[updatedSilo] = status;
        // One that says good-bye is owed answers; one that was given up is not.
        if (status != SiloStatus.Dead || _leaving.TryRemove(updatedSilo, out _) || updatedSilo.Equals(oracle.SiloAddress)) return;
        _ = CloseAsync(updatedSilo);
    }

    private async Task CloseAsync(SiloAddress dead)
    {
        try
        {
            await _close!(dead);
        }
        catch (Exception e)
        {
            // Orleans tries once more itself.
            NotClosed(logger, e, dead);
        }
    }

    [LoggerMessage(LogLevel.Warning,
        "This Orleans has no known way to close connections to a silo. After a silo hangs, single calls may take 10 s longer.")]
    private static partial void CannotClose(ILogger logger);

    [LoggerMessage(LogLevel.Information, "The connections to {Dead}, which is dead, did not close well.")]
    private static partial void NotClosed(ILogger logger, Exception exception, SiloAddress dead);
}
