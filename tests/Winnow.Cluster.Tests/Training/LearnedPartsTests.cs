using System.Runtime.CompilerServices;
using Winnow.Adapters.Objects;
using Winnow.Adapters.Tests.Support;
using Winnow.Algorithms.Heads;
using Winnow.Grains.Columns;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Training;

/// <summary>However many shards a silo has, what they score by is in its memory once, and goes when none needs it.</summary>
public sealed class LearnedPartsTests : IDisposable
{
    private const string Key = "datasets/pets/models/one";

    private readonly TemporaryFolder _folder = new();
    private readonly FileObjectStore _objects;

    public LearnedPartsTests() => _objects = new FileObjectStore(_folder.At("objects"));

    public void Dispose()
    {
        _objects.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task All_who_ask_get_the_same_for_as_long_as_one_holds_it()
    {
        await _objects.PutAsync(Key, new SoftmaxHead(2, 3, new float[6], new float[2], 1).ToBytes(), CancellationToken.None);
        var parts = new LearnedParts(_objects);
        await HoldAsync(parts);
        async Task<bool> IsGoneAsync()
        {
            GC.Collect();
            try
            {
                await parts.HeadAsync(Key, CancellationToken.None);
                return false;
            }
            catch (InvalidDataException gone)
            {
                return gone.Message.Contains("not in the object store", StringComparison.Ordinal);
            }
        }

        await Until.TrueAsync(IsGoneAsync, TimeSpan.FromMinutes(1), () => "nobody holds it any more");
    }

    // A method of its own: nothing of it is held when it is over.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task HoldAsync(LearnedParts parts)
    {
        var heads = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => parts.HeadAsync(Key, CancellationToken.None))));
        Assert.All(heads, h => Assert.Same(heads[0], h));
        await _objects.DeleteAsync(Key, CancellationToken.None);
        Assert.Same(heads[0], await parts.HeadAsync(Key, CancellationToken.None));
        GC.KeepAlive(heads);
    }
}
