using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Winnow.Silo.Peers;

/// <summary>
/// For a silo that is alone: it opens no port for others and calls nobody, so nobody who reaches its machine can become a part of it.
/// Orleans has no switch for that; whatever it does over a network it asks of factories, and those are replaced here. Its calls to itself
/// never leave the process.
/// </summary>
internal static class NoPeers
{
    /// <summary>Closes the ways in and out.</summary>
    /// <exception cref="InvalidOperationException">Orleans asks for connections by another way than this knows of: the start must not open
    /// a port unnoticed.</exception>
    public static void Close(IServiceCollection services)
    {
        Replace<IConnectionListenerFactory>(services, new NoListeners());
        Replace<IConnectionFactory>(services, new NoConnections());
    }

    // Only Orleans registers them with keys; the one without is Kestrel's.
    private static void Replace<TFactory>(IServiceCollection services, TFactory none) where TFactory : class
    {
        var replaced = 0;
        for (var i = 0; i < services.Count; i++)
        {
            if (!services[i].IsKeyedService || services[i].ServiceType != typeof(TFactory)) continue;
            services[i] = ServiceDescriptor.KeyedSingleton(typeof(TFactory), services[i].ServiceKey, none);
            replaced++;
        }
        if (replaced == 0) throw new InvalidOperationException(
            $"Orleans registers no keyed {typeof(TFactory).Name}: a silo that is alone cannot be closed to others.");
    }

    private sealed class NoListeners : IConnectionListenerFactory
    {
        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            new(new Closed(endpoint));
    }

    /// <summary>Listens to nothing until it is told to end.</summary>
    private sealed class Closed(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            new(_end.Task.WaitAsync(cancellationToken));

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _end.TrySetResult(null);
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }

    private sealed class NoConnections : IConnectionFactory
    {
        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            throw new ConnectionAbortedException($"This silo is alone and connects to nobody, so not to {endpoint} either.");
    }
}
