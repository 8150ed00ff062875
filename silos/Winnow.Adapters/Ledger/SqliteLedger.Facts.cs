using System.Runtime.CompilerServices;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Ledger;

/// <summary>Facts of registered kinds, and the level from which they are written.</summary>
public sealed partial class SqliteLedger
{
    /// <inheritdoc/>
    public IAsyncEnumerable<FactRow> ReadFactsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        ReadFactPagesAsync(shard, null, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<FactRow> ReadFactsAsync(ShardKey shard, string kind, CancellationToken cancellationToken) =>
        ReadFactPagesAsync(shard, kind, cancellationToken);

    private async IAsyncEnumerable<FactRow> ReadFactPagesAsync(
        ShardKey shard, string? kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FactRow? after = null;
        while (true)
        {
            var last = after;
            var page = await ReadAsync(
                shard, [], (session, dataset) =>
                    FactCommits.Read(session, dataset, shard.Shard, kind, last, FactCommits.PageRows), cancellationToken)
                .ConfigureAwait(false);
            foreach (var fact in page) yield return fact;
            if (page.Count < FactCommits.PageRows) yield break;
            after = page[^1];
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<FactRow>> ReadFactsAsync(
        ShardKey shard, string kind, IReadOnlyList<int> ordinals, FactBounds bounds, CancellationToken cancellationToken) =>
        await ReadAsync(
            shard, [], (session, dataset) => FactCommits.Read(session, dataset, shard.Shard, kind, ordinals, bounds), cancellationToken)
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<int> ErasePayloadAsync(PayloadErasure erasure, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session => new Written<int>(FactCommits.EraseFrom(session, erasure), true), cancellationToken);

    Task<int> IClusterLevel.ReadAsync(CancellationToken cancellationToken) =>
        _readers.ReadAsync(static session =>
        {
            var query = session.Prepare("SELECT level FROM cluster");
            if (!query.Step()) return 0;
            var level = query.Int(0);
            query.Reset();
            return level;
        }, cancellationToken);

    Task<bool> IClusterLevel.RaiseAsync(int level, CancellationToken cancellationToken) =>
        _writer.WriteAsync(1, session => new Written<bool>(
            session.Prepare("UPDATE cluster SET level = ?1 WHERE level < ?1").Bind(1, level).Run() > 0, true), cancellationToken);
}
