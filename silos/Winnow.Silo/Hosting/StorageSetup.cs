using Winnow.Adapters;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Adapters.Objects.S3;

namespace Winnow.Silo.Hosting;

/// <summary>Chooses where rows and objects are kept: a folder, or PostgreSQL and S3.</summary>
internal static class StorageSetup
{
    public static void AddStorage(this IServiceCollection services, SiloOptions options)
    {
        var folder = Path.GetFullPath(options.Data);
        if (options.Postgres is null) services.AddEmbeddedLedger(folder);
        else services.AddPostgresStorage(options.Postgres);
        if (options.S3 is null)
        {
            services.AddFileObjects(folder);
            return;
        }
        if (options.S3.CacheFolder.Length == 0) options.S3.CacheFolder = Path.Combine(folder, "cache");
        services.AddS3Objects(options.S3);
    }
}
