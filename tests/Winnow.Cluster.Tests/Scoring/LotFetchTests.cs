using Winnow.Adapters.Objects;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Model.Images;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Scoring;

/// <summary>An image is lost only where that is certain; all else is waited for.</summary>
public sealed class LotFetchTests : IDisposable
{
    private const string Dataset = "cats";
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-fetch-");
    private readonly FileObjectStore _store;
    private readonly LotFetch _fetch;

    public LotFetchTests()
    {
        _store = new FileObjectStore(_folder.FullName);
        _fetch = new LotFetch(_store, Dataset);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    private static ImageId Id(int n) => ShardIndexTests.IdOf(n);

    private Task PutAsync(int n) => _store.PutAsync(ObjectKeys.Image(Dataset, Id(n)), new[] { (byte)n }, Never);

    private async Task<bool> FetchAsync(int n)
    {
        var bytes = await _fetch.GetAsync(Id(n), Never);
        if (bytes.Length == 1) return true;
        Assert.Equal(CarefulEmbedder.PlainPicture, bytes.ToArray());
        return false;
    }

    [Fact]
    public async Task What_is_not_given_beside_others_is_lost_and_named()
    {
        await PutAsync(1);
        Directory.CreateDirectory(Path.Combine(_folder.FullName, ObjectKeys.Image(Dataset, Id(3))));
        Assert.True(await FetchAsync(1));
        Assert.False(await FetchAsync(2));
        Assert.False(await FetchAsync(3));
        var lost = await _fetch.SettleAsync(Never);
        Assert.Equal(2, lost.Count);
        Assert.StartsWith("Its bytes are not in the object store.", lost[Id(2)], StringComparison.Ordinal);
        Assert.StartsWith("Its bytes cannot be read: ", lost[Id(3)], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lot_of_lost_images_alone_is_held_against_others_of_the_dataset()
    {
        await FetchAsync(2);
        var waits = await Assert.ThrowsAsync<IOException>(() => _fetch.SettleAsync(Never));
        Assert.Contains("none of the images", waits.Message, StringComparison.Ordinal);
        await PutAsync(1);
        Assert.Equal([Id(2)], (await _fetch.SettleAsync(Never)).Keys);
    }

    [Fact]
    public async Task After_a_lot_of_which_nothing_was_given_one_image_is_looked_at_before_the_next_is_run()
    {
        var empty = new EmptyStores();
        var fetch = new LotFetch(_store, Dataset, empty);
        // Nothing is known against the store yet.
        await fetch.LookFirstAsync([Id(2)], Never);
        await fetch.GetAsync(Id(2), Never);
        await Assert.ThrowsAsync<IOException>(() => fetch.SettleAsync(Never));
        var told = await Assert.ThrowsAsync<IOException>(() => new LotFetch(_store, Dataset, empty).LookFirstAsync([Id(3), Id(4)], Never));
        Assert.Contains("none of the images", told.Message, StringComparison.Ordinal);
        await new LotFetch(_store, "dogs", empty).LookFirstAsync([Id(3)], Never);

        // Another image of the dataset is enough: then those of the lot are lost.
        await PutAsync(1);
        fetch = new LotFetch(_store, Dataset, empty);
        await fetch.LookFirstAsync([Id(3)], Never);
        Assert.False(empty.Contains(Dataset));
        await fetch.GetAsync(Id(3), Never);
        Assert.Equal([Id(3)], (await fetch.SettleAsync(Never)).Keys);
    }

    [Fact]
    public async Task What_comes_a_moment_later_is_not_lost()
    {
        await PutAsync(1);
        await FetchAsync(1);
        await FetchAsync(2);
        await PutAsync(2);
        await Assert.ThrowsAsync<IOException>(() => _fetch.SettleAsync(Never));
        // The lot is run again, and what it is run on last counts.
        Assert.True(await FetchAsync(2));
        Assert.Empty(await _fetch.SettleAsync(Never));
    }

    [Fact]
    public async Task A_store_that_was_taken_away_loses_nothing()
    {
        await PutAsync(1);
        await FetchAsync(1);
        await FetchAsync(2);
        Directory.Move(_folder.FullName, _folder.FullName + ".away");
        await Assert.ThrowsAsync<IOException>(() => _fetch.SettleAsync(Never));
        await Assert.ThrowsAsync<IOException>(() => FetchAsync(1));
        Directory.Move(_folder.FullName + ".away", _folder.FullName);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task A_store_that_is_away_for_a_while_loses_nothing_whenever_that_is(int asked)
    {
        foreach (var n in Enumerable.Range(1, 4)) await PutAsync(n);
        foreach (var from in Enumerable.Range(0, 12))
            foreach (var until in Enumerable.Range(from, 13 - from))
            {
                var fetch = new LotFetch(new AwayForAWhile(_store, from, until), Dataset);
                foreach (var n in Enumerable.Range(1, asked)) await fetch.GetAsync(Id(n), Never);
                var settled = await Record.ExceptionAsync(async () => Assert.Empty(await fetch.SettleAsync(Never)));
                Assert.True(settled is null or IOException, $"away from read {from} to {until}: {settled}");
            }
    }

    /// <summary>A store that gives nothing for some reads in a row, as one whose rights are taken and given back.</summary>
    private sealed class AwayForAWhile(IObjectStore store, int from, int until) : ObjectStoreAround(store)
    {
        private int _reads;

        public override Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken)
        {
            var read = _reads++;
            return read >= from && read < until
                ? throw new ObjectUnreadableException("Access denied.", new IOException(key)) : base.GetAsync(key, cancellationToken);
        }
    }
}
