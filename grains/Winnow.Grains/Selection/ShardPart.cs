using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Selection;
using Winnow.Grains.Columns;

namespace Winnow.Grains.Selection;

/// <summary>
/// Images that shards brought, in an order that depends on ids alone. Their rows stay where they are until a strategy asks for them,
/// and are
/// fetched once.
/// </summary>
/// <param name="shards">Who brought them.</param>
/// <param name="images">The images.</param>
/// <param name="learning">The state of learning that their rows are of.</param>
/// <param name="head">The head that scored the pool; null before there is one.</param>
/// <param name="turns">Where calls to grains are made from: a strategy computes elsewhere.</param>
internal sealed class ShardPart(
    IReadOnlyList<IShardLearning> shards, Located[] images, LearningState? learning, Func<CancellationToken, Task<IHead?>> head,
    TaskScheduler turns) : IPoolPart
{
    private readonly Dictionary<int, ReadOnlyMemory<float>> _known = [];
    private int _columns;

    public int Count => images.Length;

    public ReadOnlyMemory<float> Keys { get; } = images.Select(i => i.Candidate.Key).ToArray();

    public ReadOnlyMemory<ulong> Noise { get; } = images.Select(i => i.Candidate.Noise).ToArray();

    public async Task<RowMatrix> VectorsAsync(IReadOnlyList<int> which, CancellationToken cancellationToken)
    {
        int[] unknown = [.. which.Where(i => !_known.ContainsKey(i))];
        if (unknown.Length > 0)
        {
            var fetched = await InTurnAsync(() => FetchAsync(unknown, cancellationToken), cancellationToken).ConfigureAwait(false);
            _columns = fetched.Columns;
            for (var r = 0; r < unknown.Length; r++) _known[unknown[r]] = fetched.Values.AsMemory(r * _columns, _columns);
            if (unknown.Length == which.Count) return fetched;
        }
        var values = new float[which.Count * _columns];
        for (var r = 0; r < which.Count; r++) _known[which[r]].CopyTo(values.AsMemory(r * _columns));
        return new RowMatrix(_columns, values);
    }

    public async Task<RowMatrix> ProbabilitiesAsync(IReadOnlyList<int> which, CancellationToken cancellationToken)
    {
        var scoring = await head(cancellationToken).ConfigureAwait(false);
        return HeadRows.Probabilities(scoring, await VectorsAsync(which, cancellationToken).ConfigureAwait(false));
    }

    private async Task<RowMatrix> FetchAsync(int[] wanted, CancellationToken cancellationToken)
    {
        var byShard = Enumerable.Range(0, wanted.Length).GroupBy(i => images[wanted[i]].Shard).ToArray();
        var parts = await Task.WhenAll(byShard.Select(g =>
            shards[g.Key].GetVectorsAsync([.. g.Select(i => images[wanted[i]].Candidate.Ordinal)], learning, cancellationToken)));
        var dimensions = parts.Max(p => p.Dimensions);
        var values = new float[wanted.Length * dimensions];
        for (var p = 0; p < parts.Length; p++)
        {
            var rows = parts[p].ToMatrix();
            var row = 0;
            foreach (var i in byShard[p]) rows.Row(row++).CopyTo(values.AsSpan(i * dimensions));
        }
        return new RowMatrix(dimensions, values);
    }

    private Task<RowMatrix> InTurnAsync(Func<Task<RowMatrix>> fetch, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(fetch, cancellationToken, TaskCreationOptions.DenyChildAttach, turns).Unwrap();
}
