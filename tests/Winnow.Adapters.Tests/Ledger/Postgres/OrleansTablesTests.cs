using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Placement;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Adapters.Tests.Support;
using Winnow.CrashHost;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Ledger.Postgres;

/// <summary>A grain that is reminded.</summary>
public interface IRemindedGrain : IGrainWithStringKey
{
    Task RegisterAsync(string reminder);

    Task<bool> UnregisterAsync(string reminder);
}

[PreferLocalPlacement]
internal sealed class RemindedGrain : Grain, IRemindedGrain, IRemindable
{
    /// <summary>How often each grain was reminded, by key and reminder.</summary>
    public static ConcurrentDictionary<(string Key, string Reminder), int> Ticks { get; } = [];

    public Task RegisterAsync(string reminder) =>
        this.RegisterOrUpdateReminder(reminder, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1));

    public async Task<bool> UnregisterAsync(string reminder)
    {
        if (await this.GetReminder(reminder) is not { } found) return false;
        await this.UnregisterReminder(found);
        return await this.GetReminder(reminder) is null;
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Ticks.AddOrUpdate((this.GetPrimaryKeyString(), reminderName), 1, (_, n) => n + 1);
        return Task.CompletedTask;
    }
}

/// <summary>Orleans' own providers of membership and reminders work with the statements that our migration wrote for them.</summary>
[Trait("needs", "postgres")]
public sealed class OrleansTablesTests : IAsyncLifetime
{
    private string _connectionString = "";

    public async Task InitializeAsync()
    {
        var database = await new PostgresLedgerFixture().DatabaseAsync();
        await (await PostgresLedgerFixture.OpenAsync(database)).DisposeAsync();
        _connectionString = new PostgresOptions { ConnectionString = database }.ForOrleans();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var listener in listeners) listener.Start();
        var ports = listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners) listener.Stop();
        return ports;
    }

    private static Task UntilAsync(Func<Task<bool>> condition, string what) =>
        Until.TrueAsync(condition, TimeSpan.FromMinutes(2), () => what);

    [Fact]
    public async Task Two_silos_meet_are_reminded_and_notice_a_death()
    {
        var ports = FreePorts(4);
        using var host = OrleansSilo.Build(_connectionString, ports[0], ports[1]);
        await host.StartAsync();
        using var other = CrashingProcess.Start("silo", _connectionString, $"{ports[2]}", $"{ports[3]}");
        var management = host.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        await UntilAsync(async () => (await management.GetHosts(onlyActive: true)).Count == 2, "Meeting");

        var grain = host.Services.GetRequiredService<IGrainFactory>().GetGrain<IRemindedGrain>("ünï");
        await Until.TrueAsync(async () =>
        {
            if (RemindedGrain.Ticks.ContainsKey(("ünï", "first"))) return true;
            // Again: a reminder that is due while the silos still share out who looks after which comes a minute later only.
            await grain.RegisterAsync("first");
            return false;
        }, TimeSpan.FromMinutes(2), () => "The reminder", TimeSpan.FromSeconds(1));
        Assert.True(await grain.UnregisterAsync("first"));
        Assert.False(await grain.UnregisterAsync("first"));

        await other.KillAfterAsync(1);
        var killed = SiloAddressOf(ports[2]);
        await UntilAsync(async () => (await management.GetDetailedHosts()).Any(h => killed(h) && h.Status == SiloStatus.Dead),
            "Noticing the death");
        Assert.Single(await management.GetHosts(onlyActive: true));
        await host.StopAsync();
    }

    private static Func<MembershipEntry, bool> SiloAddressOf(int port) => entry => entry.SiloAddress.Endpoint.Port == port;

    [Fact]
    public async Task Membership_is_fenced_by_its_version()
    {
        var ports = FreePorts(2);
        using var host = OrleansSilo.Build(_connectionString, ports[0], ports[1]);
        var table = host.Services.GetRequiredService<IMembershipTable>();
        await table.InitializeMembershipTableAsync(true);
        await table.InitializeMembershipTableAsync(true);
        var empty = await table.ReadAllAsync();
        Assert.Empty(empty.Members);
        var one = Entry(1);
        Assert.True(await table.InsertRowAsync(one, empty.Version.Next()));
        // The version is taken; the row is there.
        Assert.False(await table.InsertRowAsync(Entry(2), empty.Version.Next()));
        var after = await table.ReadAllAsync();
        Assert.False(await table.InsertRowAsync(one, after.Version.Next()));
        Assert.Equal(after.Version.VersionEtag, (await table.ReadAllAsync()).Version.VersionEtag);

        one.Status = SiloStatus.Active;
        one.AddSuspector(Entry(9).SiloAddress, LedgerRows.Noon.UtcDateTime);
        Assert.True(await table.UpdateRowAsync(one, after.Members[0].Item2, after.Version.Next()));
        Assert.False(await table.UpdateRowAsync(one, after.Members[0].Item2, after.Version.Next()));
        // Of many that read one version one wins.
        var read = await table.ReadRowAsync(one.SiloAddress);
        var won = await Task.WhenAll(Enumerable.Range(10, 8)
            .Select(i => Task.Run(() => table.InsertRowAsync(Entry(i), read.Version.Next()))));
        Assert.Single(won, true);
        var (stored, _) = Assert.Single((await table.ReadRowAsync(one.SiloAddress)).Members);
        Assert.Equal((one.SiloAddress, one.SiloName, one.HostName, SiloStatus.Active, one.ProxyPort, one.StartTime, one.IAmAliveTime),
            (stored.SiloAddress, stored.SiloName, stored.HostName, stored.Status, stored.ProxyPort, stored.StartTime, stored.IAmAliveTime));
        Assert.Equal(one.SuspectTimes, stored.SuspectTimes);

        one.IAmAliveTime = one.IAmAliveTime.AddMinutes(1);
        await table.UpdateIAmAliveAsync(one);
        Assert.Equal(one.IAmAliveTime, (await table.ReadRowAsync(one.SiloAddress)).Members[0].Item1.IAmAliveTime);

        // Only the dead are cleaned away.
        var before = (await table.ReadAllAsync()).Members.Count;
        await table.CleanupDefunctSiloEntriesAsync(LedgerRows.Noon.AddDays(1));
        Assert.Equal(before, (await table.ReadAllAsync()).Members.Count);
        var all = await table.ReadAllAsync();
        one.Status = SiloStatus.Dead;
        Assert.True(await table.UpdateRowAsync(one, all.Version.VersionEtag, all.Version.Next()));
        await table.CleanupDefunctSiloEntriesAsync(LedgerRows.Noon.AddDays(1));
        Assert.DoesNotContain((await table.ReadAllAsync()).Members, m => m.Item1.SiloAddress.Equals(one.SiloAddress));
        await table.DeleteMembershipTableEntriesAsync("tables");
        await table.InitializeMembershipTableAsync(true);
        Assert.Empty((await table.ReadAllAsync()).Members);
    }

    private static MembershipEntry Entry(int number) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, 20_000 + number, number),
        SiloName = $"silo-{number}",
        HostName = "host",
        Status = SiloStatus.Joining,
        ProxyPort = 30_000,
        StartTime = LedgerRows.Noon.UtcDateTime,
        IAmAliveTime = LedgerRows.Noon.UtcDateTime,
    };

    [Fact]
    public async Task Reminders_are_found_by_grain_and_by_range_and_fenced_by_etag()
    {
        var ports = FreePorts(2);
        using var host = OrleansSilo.Build(_connectionString, ports[0], ports[1]);
        var table = host.Services.GetRequiredService<IReminderTable>();
        await table.StartAsync(CancellationToken.None);
        var entries = Enumerable.Range(0, 200).Select(i => new ReminderEntry
        {
            GrainId = GrainId.Create("reminded", $"key {i / 2}"),
            ReminderName = $"r{i % 2}",
            StartAt = LedgerRows.Noon.UtcDateTime,
            // Longer than a number of milliseconds in 32 bits, for one of each pair.
            Period = i % 2 == 0 ? TimeSpan.FromMinutes(2) : TimeSpan.FromDays(60),
        }).ToArray();
        var etags = new List<string>();
        foreach (var entry in entries) etags.Add((await table.UpsertRow(entry))!);
        Assert.Equal(etags.Count, etags.Distinct().Count());

        Assert.Equal(["r0", "r1"], (await table.ReadRows(entries[6].GrainId)).Reminders.Select(r => r.ReminderName).Order());
        var read = await table.ReadRow(entries[7].GrainId, "r1");
        Assert.Equal((entries[7].Period, entries[7].StartAt, etags[7]), (read!.Period, read.StartAt, read.ETag));
        foreach (var (begin, end) in new[] { (0u, 0x4000_0000u), (0x4000_0000u, 0xC000_0000u), (0xC000_0000u, 0u),
            (0x9000_0000u, 0x1000_0000u), (7u, 7u), (0u, 0u) })
        {
            var expected = entries.Where(e => InRange(e.GrainId.GetUniformHashCode(), begin, end)).Select(e => (e.GrainId, e.ReminderName))
                .Order();
            var found = (await table.ReadRows(begin, end)).Reminders.Select(r => (r.GrainId, r.ReminderName)).Order();
            Assert.Equal(expected, found);
        }

        var renewed = await table.UpsertRow(entries[7]);
        Assert.NotEqual(etags[7], renewed);
        Assert.False(await table.RemoveRow(entries[7].GrainId, "r1", etags[7]));
        Assert.True(await table.RemoveRow(entries[7].GrainId, "r1", renewed!));
        Assert.Null(await table.ReadRow(entries[7].GrainId, "r1"));
        // Made again it is another one: the etag of the first does not match it.
        await table.UpsertRow(entries[7]);
        Assert.False(await table.RemoveRow(entries[7].GrainId, "r1", renewed!));
    }

    /// <summary>A range of the ring: from begin, not included, to end, included; the whole ring where they are one.</summary>
    private static bool InRange(uint hash, uint begin, uint end) => begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;
}
