using System.Net;
using Npgsql;
using Winnow.Cluster.Tests.Failover.Soak;
using Winnow.Model.Datasets;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Failover;

/// <summary>
/// A silo that loses sight of the others, in a network of its own, and is healed: from the moment that it was evicted, nothing that it
/// writes is taken. The database itself keeps count of who wrote what.
/// </summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Trait("needs", "net-lab")]
[Trait("kind", "failover")]
[Collection(ProcessesCollection.Name)]
public sealed class PartitionTests(ITestOutputHelper output)
{
    private const string Dataset = "parted";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly CreateDataset Creation = SoakDataset.Named(Dataset, 8);

    /// <summary>Every change of a row, with the host that made it.</summary>
    private const string Watch = """
        CREATE TABLE written (at timestamptz NOT NULL DEFAULT clock_timestamp(), host inet, what text NOT NULL);
        CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written (host, what) VALUES (inet_client_addr(), TG_TABLE_NAME); RETURN NULL; END $$;
        CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON image FOR EACH ROW EXECUTE FUNCTION note_write();
        CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON task FOR EACH ROW EXECUTE FUNCTION note_write();
        CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON segment FOR EACH ROW EXECUTE FUNCTION note_write();
        CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON grain_state FOR EACH ROW EXECUTE FUNCTION note_write();
        CREATE TRIGGER watch AFTER INSERT ON history FOR EACH ROW EXECUTE FUNCTION note_write();
        """;

    /// <summary>The hard case: it still reaches the database, so only the fences keep its writes out.</summary>
    [Fact]
    public Task A_silo_that_loses_sight_of_the_others_but_not_of_the_database() =>
        RunAsync((lab, victim, others) => lab.PartAsync(victim, others), (lab, victim, others) => lab.JoinAsync(victim, others));

    [Fact]
    public Task A_silo_that_is_unplugged() => RunAsync((lab, victim, _) => lab.CutAsync(victim), (lab, victim, _) => lab.HealAsync(victim));

    private async Task RunAsync(Func<NetLab, string, string[], Task> cut, Func<NetLab, string, string[], Task> heal)
    {
        await using var lab = await NetLab.StartAsync("a", "b", "c");
        await using var postgres = await PostgresServer.StartPrivateAsync(listen: "0.0.0.0");
        await using var s3 = await S3Server.StartOwnAsync(NetLab.Here);
        var local = await postgres.CreateDatabaseAsync();
        await using var cluster =
            new SiloCluster(new NpgsqlConnectionStringBuilder(local) { Host = NetLab.Here }.ConnectionString, s3, S3Server.NewBucket());
        try
        {
            await SiloCluster.PrepareAsync();
            foreach (var (host, address) in lab.Hosts)
                cluster.Add(["--Scoring:Workers", "1", "--Api:Key", Key],
                    new SiloProcessOptions { Address = IPAddress.Parse(address), Under = NetLab.On(host), Key = Key });
            await Task.WhenAll(cluster.Silos.Select(s => s.StartAgainAsync()));
            await postgres.ExecuteAsync(Watch, local);
            await WorkAsync(lab, cluster, local, cut, heal);
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    private const string Key = "a-key-of-the-tests-own-0123456789";

    private async Task WorkAsync(NetLab lab, SiloCluster cluster, string database, Func<NetLab, string, string[], Task> cut,
        Func<NetLab, string, string[], Task> heal)
    {
        using var client = cluster.NewClient("engineer");
        var record = await SoakDataset.CreateAsync(client, Creation, 200);
        var load = new SoakLoad(cluster, Dataset, record);
        using var running = RunningLoad.Start(load);
        // Whoever holds shards: where grains are placed is chance.
        string? host = null;
        await Until.TrueAsync(async () =>
        {
            await running.ThrowIfEndedAsync();
            foreach (var (name, at) in lab.Hosts)
                if (await CountAsync(database, "SELECT count(*) FROM written WHERE host = $1::inet", at) > 20) host = name;
            return host is not null;
        }, Limit, () => "a silo writes");
        var (address, others) = (lab.Hosts[host!], lab.Hosts.Keys.Where(h => h != host).ToArray());
        var victim = cluster.Silos[lab.Hosts.Keys.ToList().IndexOf(host!)];

        await cut(lab, host!, others);
        var took = await Until.TrueAsync(async () =>
            await CountAsync(database, "SELECT count(*) FROM orleans_membership WHERE address = $1 AND status = 6", address) > 0, Limit,
            () => "the silo is declared dead");
        var evicted = await TimeAsync(database);
        output.WriteLine($"declared dead {took.TotalSeconds:F1} s after it was cut off");
        var before = (record.Images.Count, record.Decisions.Count);
        await Until.TrueAsync(running.While(() => record.Images.Count > before.Item1 + 40 && record.Decisions.Count > before.Item2 + 10),
            Limit, () => "the others go on");
        await heal(lab, host!, others);
        await Until.TrueAsync(() => Task.FromResult(victim.HasExited), Limit, () => "the silo has found out and ended");

        // It comes back as a new one, with a new place in the cluster.
        var back = await TimeAsync(database);
        await victim.StartAgainAsync();
        await Until.TrueAsync(running.While(() => record.Images.Count > before.Item1 + 120), Limit, () => "all three go on");
        await running.StopAsync();
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var late =
            new NpgsqlCommand("SELECT what || ' at ' || at FROM written WHERE host = $1::inet AND at > $2 AND at < $3", connection)
            {
                Parameters = { new() { Value = address }, new() { Value = evicted }, new() { Value = back } },
            };
        var found = new List<string>();
        await using (var reader = await late.ExecuteReaderAsync())
            while (await reader.ReadAsync()) found.Add(reader.GetString(0));
        Assert.Empty(found);
        output.WriteLine(await RecordCheck.VerifyAsync(client, Dataset, record));
    }

    private static async Task<long> CountAsync(string database, string sql, string host)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = host } } };
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<DateTime> TimeAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        return (DateTime)(await command.ExecuteScalarAsync())!;
    }
}
