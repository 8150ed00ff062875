using Winnow.Adapters;
using Winnow.Adapters.Disk;
using Winnow.Adapters.Objects.S3;
using Winnow.Silo.Hosting.Settings;

namespace Winnow.Silo.Hosting;

/// <summary>Chooses where rows and objects are kept: a folder, or PostgreSQL and S3.</summary>
internal static class StorageSetup
{
    // What the parts of a silo put into its folder, alone and in a cluster.
    private static readonly string[] Embedded = ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock", "objects", "scoring", "spool"];
    private static readonly string[] Clustered = ["scoring", "cache", "spool"];

    public static void AddStorage(this IServiceCollection services, SiloOptions options)
    {
        var folder = Path.GetFullPath(options.Data);
        OwnersOnly.CloseSharedFolder(folder, options.Postgres is null ? Embedded : Clustered);
        if (options.Postgres is not { } postgres || options.S3 is not { } s3)
        {
            services.AddEmbeddedStorage(folder);
            return;
        }
        if (string.IsNullOrEmpty(s3.CacheFolder)) s3.CacheFolder = Path.Combine(folder, "cache");
        services.AddPostgresStorage(postgres);
        services.AddS3Objects(s3);
    }
}
