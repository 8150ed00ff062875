using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Placement;
using Orleans.Runtime.Placement;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Acts;
using Winnow.Grains.Buckets;
using Winnow.Grains.Columns;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Review;
using Winnow.Grains.Scoring;
using Winnow.Grains.Settings;
using Winnow.Grains.Shards;
using Winnow.Grains.Training;

namespace Winnow.Grains;

/// <summary>What the grains need beside their ports.</summary>
public static class GrainsRegistration
{
    /// <summary>
    /// Registers the grains' own services. The ports (<c>IShardLedger</c>, <c>IObjectStore</c>, <c>IEmbedderProvider</c>,
    /// <c>IModelExporter</c>) are the host's to add; so is the silo's metadata, see <see cref="SiloTraits"/>.
    /// </summary>
    public static IServiceCollection AddWinnowGrains(this IServiceCollection services, ShardOptions? shards = null)
    {
        var options = shards ?? new ShardOptions();
        if (options.Check() is { } wrong) throw new ArgumentException(wrong, nameof(shards));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<KnownDatasets>();
        services.AddSingleton<ShardFaults>();
        services.AddSingleton<LearnedParts>();
        services.AddSingleton<LeaseKeyring>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<LeaseKeyring>());
        services.TryAddSingleton<IBucketReader, NoBuckets>();
        services.TryAddSingleton(new BucketSourceOptions());
        services.TryAddSingleton<ICrashNotes, NoCrashNotes>();
        services.AddSingleton<DeviceDirectory>();
        services.AddSingleton<IActBook, ActBook>();
        services.AddSingleton<KnownLevel>();
        services.AddSingleton<IControlRecords, StoredRecords>();
        services.AddSingleton<RoundSelections>();
        services.AddSingleton<RoundPorts>();
        services.AddPlacementFilter<SiloRoleFilter, SiloRoleDirector>(ServiceLifetime.Singleton);
        services.AddSingleton<LocalShards>();
        services.AddSingleton<LocalQueues>();
        services.AddSingleton<ShardMover>();
        services.TryAddSingleton<ISiloDeparture, NoSiloDeparture>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ShardRebalancer>();
        services.AddSingleton<IPlacementStrategyResolver, ShardPlacementResolver>();
        services.AddPlacementDirector<ShardPlacement, ShardPlacementDirector>();
        services.AddPlacementFilter<OnItsSiloFilter, OnItsSiloDirector>(ServiceLifetime.Singleton);
        return services;
    }
}
