using System.Security.Cryptography;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Splitting;

/// <summary>
/// Brings the halves of a shard to where its rows stand, from whatever is in them: at first nothing, later what a silo left that went down
/// while it filled them. Image rows and columns go on from their end by themselves; this is about what stands beside them.
/// </summary>
internal sealed class HalfRepair(ShardKey shard, IShardLedger ledger, HalfRanks ranks, ShardHalf[] halves)
{
    private const int RowsAtOnce = 1_000;

    /// <summary>Of a payload that count as one row more.</summary>
    private const int BytesOfRow = 4_096;

    private readonly List<TaskRow>[] _tasks = [[], []];
    private readonly List<WithdrawnTaskRow>[] _withdrawn = [[], []];
    private readonly List<ReservationRow>[] _reservations = [[], []];
    private readonly List<HistoryRow>[] _history = [[], []];
    private readonly List<OperationRow>[] _operations = [[], []];
    private readonly List<QuarantineRow>[] _quarantined = [[], []];
    private readonly List<FactRow>[] _facts = [[], []];
    // Of facts that replace each other, by whose operation the half has which content.
    private readonly Dictionary<FactKey, FactRow>[] _standing = [[], []];
    private int _waiting;

    public async Task RunAsync(Func<int, bool> isQuarantined, CancellationToken cancellationToken)
    {
        var rows = ranks.Count;
        for (var i = 0; i < halves.Length; i++) await LookAsync(i, isQuarantined, cancellationToken);
        await AddTasksAsync(cancellationToken);
        await foreach (var entry in ledger.ReadShardEntriesAsync(shard, cancellationToken))
        {
            var (half, ordinal) = ranks.PlaceOf(entry.Ordinal);
            if (entry.Version > halves[half].VersionOf(ordinal)) await AddAsync(_history[half], entry with { Ordinal = ordinal });
        }
        await foreach (var operation in ledger.ReadOperationsAsync(shard, cancellationToken))
        {
            // Those that came since are in the log.
            if (operation.Rows.First + operation.Rows.Count > rows) continue;
            for (var i = 0; i < halves.Length; i++)
                if (ranks.RangeOf(i, operation.Rows) is var range && (range.Count > 0 || operation.Rows.Count == 0))
                    await AddAsync(_operations[i], operation with { Rows = range });
        }
        // One that a half has is left there by the ledger.
        await foreach (var fact in ledger.ReadFactsAsync(shard, cancellationToken))
        {
            if (fact.Id.Ordinal >= rows) continue;
            var (half, ordinal) = ranks.PlaceOf(fact.Id.Ordinal);
            var mine = fact with { Id = fact.Id with { Ordinal = ordinal } };
            if (IsByAnother(half, mine))
            {
                await AddAsync(_facts[half], StandIn(mine));
                await FlushAsync();
            }
            await AddAsync(_facts[half], mine, fact.Size / BytesOfRow);
        }
        await FlushAsync();
    }

    /// <summary>What a half has, so that it is neither copied again nor missed.</summary>
    private async Task LookAsync(int half, Func<int, bool> isQuarantined, CancellationToken cancellationToken)
    {
        foreach (var column in (await ledger.ReadSegmentsAsync(halves[half].Key, cancellationToken)).GroupBy(s => (s.Kind, s.Version)))
            halves[half].Columns[column.Key] = new HalfColumn(column.Sum(s => s.Count), [.. column.Select(s => s.ObjectKey)]);
        await foreach (var entry in ledger.ReadShardHistoryAsync(halves[half].Key, cancellationToken)) halves[half].Knows(entry.Ordinal,
            entry.Version);
        await foreach (var fact in ledger.ReadFactsAsync(halves[half].Key, cancellationToken))
            if (!fact.AppendOnly) _standing[half][fact.Id] = fact with { Payload = null };
        var at = 0;
        var missed = new List<int>();
        await foreach (var page in ledger.ReadIndexAsync(halves[half].Key, cancellationToken))
            foreach (var row in page)
            {
                var ordinal = ranks.Members(half)[at++];
                if (!row.Quarantined && isQuarantined(ordinal)) missed.Add(ordinal);
            }
        foreach (var some in missed.Chunk(RowsAtOnce))
            foreach (var row in await ledger.ReadImagesAsync(shard, some, cancellationToken))
                await AddAsync(_quarantined[half], new QuarantineRow(ranks.PlaceOf(row.Ordinal).Ordinal, row.Row.Reason ?? ""));
    }

    /// <summary>
    /// Whether a half has the same content from before: it was replaced meanwhile, and then said once more. The ledger would leave what is
    /// there, with the name of whoever said it first.
    /// </summary>
    private bool IsByAnother(int half, FactRow fact) =>
        !fact.AppendOnly && _standing[half].TryGetValue(fact.Id, out var there) && there.Version == fact.Version
        && there.OperationId != fact.OperationId && there.Sha256.AsSpan().SequenceEqual(fact.Sha256);

    /// <summary>Something else in its place for a moment, so that it replaces what is there.</summary>
    private static FactRow StandIn(FactRow fact)
    {
        byte[] other = fact.Size == 0 ? [0] : [];
        return fact with { Payload = other, Size = other.Length, Sha256 = SHA256.HashData(other) };
    }

    private async Task AddTasksAsync(CancellationToken cancellationToken)
    {
        var known = new Dictionary<(int Ordinal, string Arm), TaskRow>[] { [], [] };
        for (var i = 0; i < halves.Length; i++)
            await foreach (var task in ledger.ReadTasksAsync(halves[i].Key, cancellationToken)) known[i][(task.Ordinal, task.Arm)] = task;
        var reserved = new Dictionary<int, DateTimeOffset>[] { [], [] };
        var wanted = new Dictionary<int, DateTimeOffset>[] { [], [] };
        await foreach (var task in ledger.ReadTasksAsync(shard, cancellationToken))
        {
            // Of an image that there is not: the shard has left it out.
            if (task.Ordinal < 0 || task.Ordinal >= ranks.Count) continue;
            var (half, ordinal) = ranks.PlaceOf(task.Ordinal);
            Later(wanted[half], ordinal, task.ReservedUntil);
            var there = known[half].Remove((ordinal, task.Arm), out var row);
            // Withdrawn since, and asked again by a later round.
            var other = there && (row.Round, row.Priority) != (task.Round, task.Priority);
            if (other) await AddAsync(_withdrawn[half], new WithdrawnTaskRow(ordinal, task.Arm));
            Later(reserved[half], ordinal, there && !other ? row.ReservedUntil : task.ReservedUntil);
            if (!there || other) await AddAsync(_tasks[half], task with { Ordinal = ordinal });
        }
        // What is left was withdrawn from the shard after it had come here.
        for (var i = 0; i < halves.Length; i++)
            foreach (var (ordinal, arm) in known[i].Keys) await AddAsync(_withdrawn[i], new WithdrawnTaskRow(ordinal, arm));
        // An image is set aside as a whole, until the latest time that any arm's row of it says.
        for (var i = 0; i < halves.Length; i++)
            foreach (var (ordinal, until) in wanted[i])
                if (reserved[i][ordinal] != until) await AddAsync(_reservations[i], new ReservationRow(ordinal, until));
    }

    private static void Later(Dictionary<int, DateTimeOffset> times, int ordinal, DateTimeOffset time) =>
        times[ordinal] = times.TryGetValue(ordinal, out var known) && known > time ? known : time;

    private async Task AddAsync<T>(List<T> rows, T row, int more = 0)
    {
        rows.Add(row);
        if ((_waiting += 1 + more) >= RowsAtOnce) await FlushAsync();
    }

    private async Task FlushAsync()
    {
        _waiting = 0;
        await Task.WhenAll(halves.Select((half, i) => half.CommitAsync(half.New() with
        {
            Tasks = Take(_tasks[i]),
            WithdrawnTasks = Take(_withdrawn[i]),
            Reservations = Take(_reservations[i]),
            History = Take(_history[i]),
            Operations = Take(_operations[i]),
            Quarantined = Take(_quarantined[i]),
            Facts = Take(_facts[i]),
        })));
    }

    private static T[] Take<T>(List<T> rows)
    {
        T[] taken = [.. rows];
        rows.Clear();
        return taken;
    }
}
