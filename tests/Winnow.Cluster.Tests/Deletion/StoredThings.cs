using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Winnow.Adapters.Objects.S3;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Deletion;

/// <summary>What a cluster keeps, looked at past the product: how many rows each table has, and every object.</summary>
internal abstract class StoredThings : IAsyncDisposable
{
    // What is kept of the silos themselves changes while nobody does anything.
    private static readonly string[] OfSilos =
        ["orleansmembershiptable", "orleansmembershipversiontable", "orleansquery", "health", "winnow_layout"];

    protected abstract string Tables { get; }

    protected abstract Task<DbConnection> OpenAsync();

    public async Task<SortedDictionary<string, long>> CountRowsAsync()
    {
        await using var connection = await OpenAsync();
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in (await ReadAsync(connection, Tables, r => r.GetString(0))).Except(OfSilos))
        {
            // What was done to the cluster stays told, and that a dataset was deleted is among it.
            var which = table == "act" ? "WHERE dataset <> 0" : "";
            rows[table] = (await ReadAsync(connection, $"SELECT count(*) FROM {table} {which}", r => r.GetInt64(0)))[0];
        }
        return rows;
    }

    /// <summary>All that datasets have in the object store, with sizes.</summary>
    public abstract Task<string[]> ListObjectsAsync();

    /// <summary>The texts of the only column of a query.</summary>
    public async Task<List<string>> TextsAsync(string sql)
    {
        await using var connection = await OpenAsync();
        return await ReadAsync(connection, sql, r => r.GetString(0));
    }

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<List<T>> ReadAsync<T>(DbConnection connection, string sql, Func<DbDataReader, T> read)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<T>();
        while (await reader.ReadAsync()) found.Add(read(reader));
        return found;
    }

    internal sealed class Embedded(string folder) : StoredThings
    {
        protected override string Tables => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";

        /// <summary>The files themselves: the store is the silo's alone.</summary>
        public override Task<string[]> ListObjectsAsync()
        {
            var root = Path.Combine(folder, "objects");
            var files = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Select(f => $"{Path.GetRelativePath(root, f)} {SizeOf(f)}")
                .Where(f => !f.StartsWith(".tmp/", StringComparison.Ordinal));
            return Task.FromResult<string[]>([.. files.Order(StringComparer.Ordinal)]);
        }

        private static long SizeOf(string file) => new FileInfo(file) is { Exists: true } info ? info.Length : 0;

        protected override async Task<DbConnection> OpenAsync()
        {
            var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "ledger.db")};Pooling=False;Mode=ReadOnly");
            await connection.OpenAsync();
            return connection;
        }
    }

    internal sealed class Shared(string database, S3Server s3, string bucket) : StoredThings
    {
        private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("winnow-listing-");

        protected override string Tables => "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";

        public override async Task<string[]> ListObjectsAsync()
        {
            using var store = new S3ObjectStore(new S3Options
            {
                Endpoint = s3.Endpoint,
                AccessKey = s3.AccessKey,
                SecretKey = s3.SecretKey,
                Bucket = bucket,
                CacheFolder = _cache.FullName,
            }, TimeProvider.System);
            var keys = new List<string>();
            foreach (var place in new[] { "datasets/", "uploads/" })
                await foreach (var (key, size) in store.ListAsync(place, CancellationToken.None)) keys.Add($"{key} {size}");
            return [.. keys.Order(StringComparer.Ordinal)];
        }

        protected override async Task<DbConnection> OpenAsync()
        {
            var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
            await connection.OpenAsync();
            return connection;
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            _cache.Delete(recursive: true);
        }
    }
}
