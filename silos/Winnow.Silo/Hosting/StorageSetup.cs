using Winnow.Adapters;
using Winnow.Adapters.Objects.S3;

namespace Winnow.Silo.Hosting;

/// <summary>Chooses where rows and objects are kept: a folder, or PostgreSQL and S3.</summary>
internal static class StorageSetup
{
    public static void AddStorage(this IServiceCollection services, SiloOptions options)
    {
        var folder = Path.GetFullPath(options.Data);
        if (options is not { Postgres: { } postgres, S3: { } s3 })
        {
            services.AddEmbeddedStorage(folder);
            return;
        }
        if (s3.CacheFolder.Length == 0) s3.CacheFolder = Path.Combine(folder, "cache");
        services.AddPostgresStorage(postgres);
        services.AddS3Objects(s3);
    }
}
