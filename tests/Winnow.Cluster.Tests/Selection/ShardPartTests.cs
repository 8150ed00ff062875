using System.Numerics.Tensors;
using System.Reflection;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Heads;
using Winnow.Grains.Selection;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Selection;

/// <summary>Rows of candidates stay on their shards until a strategy asks, come in the order asked, and come once.</summary>
public sealed class ShardPartTests
{
    private static readonly SoftmaxHead Head = new(2, 2, [1, 0, 0, 1], [0, 0], 1);

    // Image i stands on shard i % 3 as row 10 + i, and its vector is (i, -i).
    private static readonly Located[] Images =
        [.. Enumerable.Range(0, 9).Select(i => new Located(i % 3, new Candidate(10 + i, new ImageId((ulong)i, 0, 0, 0), i, (ulong)i)))];

    private readonly List<int> _asked = [];

    private ShardPart Part(IHead? head)
    {
        IShardLearning[] shards = [.. Enumerable.Range(0, 3).Select(_ => Shard.Make(ordinals =>
        {
            lock (_asked) _asked.AddRange(ordinals);
            var values = new Half[2 * ordinals.Length];
            TensorPrimitives.ConvertToHalf(ordinals.SelectMany(o => new float[] { o - 10, 10 - o }).ToArray(), values);
            return new MatrixRows(2, MemoryMarshal.AsBytes<Half>(values).ToArray());
        }))];
        return new ShardPart(shards, Images, null, _ => Task.FromResult(head), TaskScheduler.Default);
    }

    [Fact]
    public async Task Rows_come_in_the_order_asked_and_once()
    {
        var part = Part(null);
        Assert.Equal(9, part.Count);
        Assert.Empty(_asked);
        var some = await part.VectorsAsync([7, 2, 3], CancellationToken.None);
        Assert.Equal([7f, -7, 2, -2, 3, -3], some.Values);
        var more = await part.VectorsAsync([2, 8, 7], CancellationToken.None);
        Assert.Equal([2f, -2, 8, -8, 7, -7], more.Values);
        Assert.Equal([12, 13, 17, 18], _asked.Order());
    }

    [Fact]
    public async Task Probabilities_are_those_of_the_head_that_scored_the_pool()
    {
        var part = Part(Head);
        var p = await part.ProbabilitiesAsync([1, 0], CancellationToken.None);
        Assert.Equal(1 / (1 + Math.Exp(-2)), p.Row(0)[0], 1e-5);
        Assert.Equal(0.5, p.Row(1)[1], 1e-6);
        await part.VectorsAsync([0, 1], CancellationToken.None);
        Assert.Equal([10, 11], _asked.Order());
        await Assert.ThrowsAsync<InvalidOperationException>(() => Part(null).ProbabilitiesAsync([0], CancellationToken.None));
    }

    /// <summary>A shard that has vectors, and nothing else.</summary>
    public class Shard : DispatchProxy
    {
        private Func<int[], MatrixRows> _vectors = null!;

        internal static IShardLearning Make(Func<int[], MatrixRows> vectors)
        {
            var made = Create<IShardLearning, Shard>();
            ((Shard)(object)made)._vectors = vectors;
            return made;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod?.Name == nameof(IShardLearning.GetVectorsAsync)
                ? Task.FromResult(_vectors((int[])args![0]!)) : throw new NotSupportedException(targetMethod?.Name);
    }
}
