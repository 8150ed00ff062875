using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Telemetry;

/// <summary>Puts the measuring store before the one that is registered.</summary>
public static class TelemetryRegistration
{
    /// <summary>Call it after a store was added.</summary>
    /// <exception cref="InvalidOperationException">No object store is registered.</exception>
    public static IServiceCollection MeasureObjectStore(this IServiceCollection services)
    {
        var inner = services.LastOrDefault(s => s.ServiceType == typeof(IObjectStore) && !s.IsKeyedService)
            ?? throw new InvalidOperationException("No object store is registered: add the storage before its measurement.");
        services.Remove(inner);
        services.AddSingleton<IObjectStore>(provider => new MeasuredObjectStore(
            inner.ImplementationInstance as IObjectStore
            ?? (IObjectStore)(inner.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))));
        return services;
    }
}
