using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Winnow.Abstractions.Datasets;

namespace Winnow.Grains.Backup;

/// <summary>Registers backups.</summary>
public static class BackupRegistration
{
    /// <summary>Writes, restores and verifies whole datasets. Needs storage, image headers, a model exporter and a grain factory.</summary>
    public static IServiceCollection AddDatasetBackup(this IServiceCollection services, RestoreOptions? restore = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(restore ?? new RestoreOptions());
        services.AddSingleton<IDatasetBackup, DatasetBackup>();
        return services;
    }
}
