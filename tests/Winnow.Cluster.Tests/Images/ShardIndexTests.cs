using CsCheck;
using Winnow.Grains.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Images;

public sealed class ShardIndexTests
{
    internal static ImageId IdOf(int i) => ImageId.Of(BitConverter.GetBytes(i));

    [Fact]
    public void It_finds_what_it_holds_and_nothing_else() => Gen.Select(Gen.Int[0, 3000], Gen.Int[0, 4000]).Sample((count, room) =>
    {
        // Room that is made changes nothing, whether it is too little or too much.
        var index = new ShardIndex();
        index.Reserve(room);
        for (var i = 0; i < count; i++) Assert.Equal(i, index.Add(IdOf(i), Partition.Pool, -1, false));
        for (var i = 0; i < count; i++)
        {
            Assert.True(index.TryFind(IdOf(i), out var ordinal));
            Assert.Equal(i, ordinal);
        }
        Assert.False(index.TryFind(IdOf(count), out _));
        var before = index.IdsSoFar;
        index.Add(IdOf(count), Partition.Pool, -1, false);
        Assert.Equal(Enumerable.Range(0, count).Select(IdOf), before.ToArray());
    }, iter: 20);

    [Fact]
    public void Stages_follow_what_happened()
    {
        var index = new ShardIndex();
        var o = index.Add(IdOf(1), Partition.Pool, -1, false);
        Assert.Equal(Stage.Received, index.StageOf(o, 0));
        Assert.Equal(Stage.Scored, index.StageOf(o, 1));
        index.Set(o, ShardIndex.Flags.Asked);
        Assert.Equal(Stage.Queued, index.StageOf(o, 1));
        index.Decide(o, 1, 2, true, Stage.Labeled);
        Assert.Equal(Stage.Labeled, index.StageOf(o, 1));
        Assert.Equal((1, 2), (index.VersionOf(o), index.LabelOf(o)));
        index.Quarantine(o);
        Assert.Equal(Stage.Quarantined, index.StageOf(o, 1));
        Assert.Equal(Stage.Labeled, index.StageOf(index.Add(IdOf(2), Partition.Holdout, 0, false), 0));
    }

    [Fact]
    public void Counts_of_stages_are_what_counting_gives() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 39], Gen.Int[0, 8]).Array[0, 120].Sample(steps =>
    {
        var index = new ShardIndex();
        var embedded = 0;
        foreach (var (what, at, much) in steps)
        {
            if (what == 0 || index.Count == 0) index.Add(IdOf(index.Count), (Partition)(at % 2), at % 5 == 0 ? 1 : -1, at % 7 == 0);
            var o = at % index.Count;
            if (what == 1) index.SetEmbedded(embedded = Math.Min(index.Count, much * 5));
            if (what == 2) index.Quarantine(o);
            if (what == 3) index.Set(o, (ShardIndex.Flags)(1 << much % 6));
            if (what == 4) index.Clear(o, (ShardIndex.Flags)(1 << much % 6));
            if (what == 5) index.Decide(o, index.VersionOf(o) + 1, 0, much % 2 == 0, (Stage)(4 + much % 3));
            var counted = new long[Enum.GetValues<Stage>().Length];
            for (var i = 0; i < index.Count; i++) counted[(int)index.StageOf(i, embedded)]++;
            Assert.Equal(counted, index.Stages());
        }
    }, iter: 300);

    [Fact]
    public void Shards_are_the_order_of_ids_and_split_in_two() => Gen.Int.Sample(i =>
    {
        var id = IdOf(i);
        for (var shards = 1; shards <= 512; shards *= 2)
            Assert.Equal(ShardLayout.IndexOf(id, shards), ShardLayout.IndexOf(id, shards * 2) / 2);
    });

    [Fact]
    public void Ids_are_written_and_read_back() => Gen.Byte.Array[32].Sample(bytes =>
    {
        var id = ImageId.FromBytes(bytes);
        Assert.Equal(56, id.ToString().Length);
        Assert.True(ImageId.TryParse(id.ToString(), out var read));
        Assert.Equal(id, read);
        Assert.Equal(bytes, read.ToBytes());
    });

    [Theory]
    [InlineData("")]
    [InlineData("img-")]
    [InlineData("img-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")]
    [InlineData("img-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("jpg-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Other_texts_are_no_ids(string text) => Assert.False(ImageId.TryParse(text, out _));
}
