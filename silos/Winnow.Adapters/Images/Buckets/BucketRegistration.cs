using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Winnow.Adapters.Objects.S3;
using Winnow.Grains.Buckets;
using Winnow.Grains.Ports;
using Winnow.Model.Images.Buckets;

namespace Winnow.Adapters.Images.Buckets;

/// <summary>Lets datasets read buckets.</summary>
public static class BucketRegistration
{
    /// <summary>Reads buckets on these servers, by name, and on that of the object store where it is S3. Needs an intake.</summary>
    /// <exception cref="ArgumentException">An option is missing or out of range, or a server's name is none; the message tells.</exception>
    public static IServiceCollection AddBucketSources(this IServiceCollection services,
        IReadOnlyDictionary<string, BucketServerOptions> servers, BucketSourceOptions? sources = null)
    {
        var options = sources ?? new BucketSourceOptions();
        if (options.Check() is { } wrong) throw new ArgumentException(wrong, nameof(sources));
        foreach (var (name, server) in servers)
        {
            if (!SourceName.IsValid(name)) throw new ArgumentException($"Buckets:{name} is not a name. {SourceName.Rule}");
            server.Validate($"Buckets:{name}");
        }
        services.TryAddSingleton(TimeProvider.System);
        services.Replace(ServiceDescriptor.Singleton(options));
        services.Replace(ServiceDescriptor.Singleton<IBucketReader>(provider =>
            new BucketReader(servers, provider.GetService<S3ObjectStore>(), provider.GetRequiredService<TimeProvider>())));
        return services;
    }
}
