using Winnow.Adapters;
using Winnow.Adapters.Disk;
using Winnow.Adapters.Objects.S3;
using Winnow.Silo.Hosting.Settings;

namespace Winnow.Silo.Hosting;

/// <summary>Chooses where rows and objects are kept: a folder, or PostgreSQL and S3.</summary>
internal static class StorageSetup
{
    // What the parts of a silo put into its folder, alone and in a cluster.
    private static readonly string[] LedgerFiles = ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock"];
    private static readonly string[] EmbeddedFolders = ["objects", "scoring", "spool"];
    private static readonly string[] ClusteredFolders = ["scoring", "cache", "spool"];

    public static void AddStorage(this IServiceCollection services, SiloOptions options)
    {
        var folder = Path.GetFullPath(options.Data);
        var (files, folders) = options.Postgres is null ? (LedgerFiles, EmbeddedFolders) : ([], ClusteredFolders);
        DataFolder.CheckContent(files.Select(f => Path.Combine(folder, f)), folders.Select(f => Path.Combine(folder, f)));
        OwnersOnly.CloseSharedFolder(folder, [.. files, .. folders]);
        if (options.Postgres is not { } postgres || options.S3 is not { } s3)
        {
            services.AddEmbeddedStorage(folder);
            return;
        }
        if (string.IsNullOrEmpty(s3.CacheFolder)) s3.CacheFolder = Path.Combine(folder, "cache");
        postgres.NewestLevel = options.Cluster.HighestLevel;
        services.AddPostgresStorage(postgres);
        services.AddS3Objects(s3);
    }
}
