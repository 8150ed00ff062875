using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Winnow.Abstractions.Health;

namespace Winnow.Grains.SetAside;

/// <summary>Registers what is set aside.</summary>
public static class SetAsideRegistration
{
    /// <summary>Finds what is stored and cannot be worked with, and ends it. Needs storage and a grain factory.</summary>
    public static IServiceCollection AddSetAside(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ISetAsideStore, SetAsideStore>();
        return services;
    }
}
