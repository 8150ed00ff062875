using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Objects.S3;

/// <summary>Gives a host an object store on S3.</summary>
public static class S3Registration
{
    /// <summary>
    /// Keeps objects in a bucket; any number of silos may share it. The bucket is checked, and made where it is missing, when the host
    /// starts.
    /// </summary>
    /// <exception cref="ArgumentException">An option is missing or out of range.</exception>
    public static IServiceCollection AddS3Objects(this IServiceCollection services, S3Options options)
    {
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new S3ObjectStore(options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IObjectStore>(provider => provider.GetRequiredService<S3ObjectStore>());
        services.AddSingleton<IPresignedUrls, S3PresignedUrls>();
        services.AddSingleton<IStorageHealth, S3Health>();
        services.AddHostedService<OpenBucketAtStart>();
        return services;
    }
}
