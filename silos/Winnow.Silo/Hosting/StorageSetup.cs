using Winnow.Adapters;

namespace Winnow.Silo.Hosting;

/// <summary>Chooses where rows and objects are kept: a folder, or PostgreSQL and S3.</summary>
internal static class StorageSetup
{
    public static void AddStorage(this IServiceCollection services, SiloOptions options)
    {
        var folder = Path.GetFullPath(options.Data);
        if (!options.Postgres.IsSet)
        {
            services.AddEmbeddedStorage(folder);
            return;
        }
        services.AddPostgresStorage(options.Postgres);
        if (options.S3.IsSet)
        {
            options.S3.CacheFolder ??= Path.Combine(folder, "cache");
            services.AddS3Objects(options.S3);
        }
        else services.AddFileObjects(Path.Combine(folder, "objects"));
    }
}
