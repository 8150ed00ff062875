using Winnow.Abstractions.Acts;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>The trail of acts.</summary>
public sealed partial class SqliteLedger
{
    // The name of a dataset that is being deleted is held by a row that is no dataset, and a shard that was never opened has no stream:
    // nobody would find it, nor remove it with the dataset.
    private const string OfDataset =
        "SELECT d.id, (SELECT level FROM cluster) FROM dataset AS d WHERE d.name = ?1 AND d.info <> "
        + $"'{StoredDatasets.NameHeld}' AND (?2 < 0 OR EXISTS (SELECT 1 FROM shard AS s WHERE s.dataset = d.id AND s.shard = ?2))";

    /// <inheritdoc/>
    public Task<bool> AppendAsync(ActStream stream, IReadOnlyList<ActRecord> acts, CancellationToken cancellationToken) =>
        _writer.WriteAsync(acts.Count, session =>
        {
            if (FindStream(session, stream) is not { } dataset) return new Written<bool>(false, false);
            ActCommits.Append(session, dataset, stream.Number, acts);
            return new Written<bool>(true, true);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> RestoreAsync(ActStream stream, IReadOnlyList<StoredAct> acts, CancellationToken cancellationToken) =>
        _writer.WriteAsync(acts.Count, session =>
        {
            if (FindStream(session, stream) is not { } dataset) return new Written<bool>(false, false);
            var last = ActCommits.EndOf(session, dataset, stream.Number);
            foreach (var (sequence, act) in acts)
            {
                if (sequence <= last) continue;
                if (sequence != ++last) throw Discontinued(stream);
                ActCommits.Add(session, dataset, stream.Number, sequence, act);
            }
            return new Written<bool>(true, true);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredAct>> ReadActsAsync(ActStream stream, long after, int max, CancellationToken cancellationToken) =>
        OnStreamAsync<IReadOnlyList<StoredAct>>(
            stream, [], (session, dataset) => ActCommits.Read(session, dataset, stream.Number, after, max), cancellationToken);

    /// <inheritdoc/>
    public Task<long> LastActAsync(ActStream stream, CancellationToken cancellationToken) =>
        OnStreamAsync(stream, 0L, (session, dataset) => ActCommits.LastOf(session, dataset, stream.Number), cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ActStream>> ListStreamsAsync(string dataset, CancellationToken cancellationToken)
    {
        var told = await ReadAsync(new ShardKey(dataset, 0), 0, static (session, id) =>
        {
            var query = session.Prepare("SELECT min(shard) FROM act WHERE dataset = ?1").Bind(1, id);
            query.Step();
            var lowest = query.Int(0);
            query.Reset();
            return lowest;
        }, cancellationToken).ConfigureAwait(false);
        var shards = await ListShardsAsync(dataset, cancellationToken).ConfigureAwait(false);
        return [.. shards.Select(s => new ActStream(dataset, s)), .. TellOf(dataset, told)];
    }

    /// <summary>The streams that backups told, which are numbered from −1 down.</summary>
    internal static IEnumerable<ActStream> TellOf(string dataset, int lowest) =>
        lowest >= 0 ? [] : Enumerable.Range(1, -lowest).Select(n => new ActStream(dataset, -n));

    internal static InvalidOperationException Discontinued(ActStream stream) =>
        new($"The acts do not continue stream {stream.Name} of '{stream.Dataset}'.");

    private Task<T> OnStreamAsync<T>(ActStream stream, T none, Func<SqliteSession, long, T> query, CancellationToken cancellationToken) =>
        stream.Dataset is { } dataset ? ReadAsync(new ShardKey(dataset, 0), none, query, cancellationToken)
            : _readers.ReadAsync(session => query(session, 0), cancellationToken);

    /// <summary>The number of a stream's dataset, 0 for the cluster; null where nothing may be written to it.</summary>
    private long? FindStream(SqliteSession session, ActStream stream)
    {
        if (stream.Dataset is null)
            return session.Scalar("SELECT level FROM cluster") is var known && known >= ClusterLevels.Acts && known <= _newestLevel
                ? 0 : null;
        var find = session.Prepare(OfDataset).Bind(1, stream.Dataset).Bind(2, stream.Number);
        if (!find.Step()) return null;
        var (dataset, level) = (find.Long(0), find.Long(1));
        find.Reset();
        return level >= ClusterLevels.Acts && level <= _newestLevel ? dataset : null;
    }
}
