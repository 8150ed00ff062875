using System.Globalization;
using System.Net;
using CsCheck;
using Winnow.Algorithms.Numerics;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Placement;

public sealed class ShardSpreadTests(ITestOutputHelper output)
{
    private static readonly Gen<ShardLayout> Layouts = Gen.Select(Gen.Int[0, 8], Gen.Int[0, 3], (log, doublings) =>
    {
        var layout = new ShardLayout(0, 1 << log);
        for (; doublings > 0 && layout.Count < ShardLayout.MaxCount; doublings--) layout = layout.Doubled();
        return layout;
    });

    private static readonly Gen<(string Dataset, ShardLayout Layout, int Silos)> Cases =
        Gen.Select(Gen.Int[0, 9_999], Layouts, Gen.Int[1, 12], (name, layout, silos) => ($"dataset-{name}", layout, silos));

    [Fact]
    public void No_two_silos_differ_by_more_than_one_shard() => Cases.Sample(c =>
    {
        var silos = Silos(c.Silos);
        var held = ShardSpread.Over(silos, c.Dataset, c.Layout).CountBy(s => s).ToDictionary();
        Assert.Equal(c.Layout.Count, held.Values.Sum());
        Assert.All(silos, s =>
            Assert.InRange(held.GetValueOrDefault(s), c.Layout.Count / c.Silos,
                c.Layout.Count / c.Silos + (c.Layout.Count % c.Silos == 0 ? 0 : 1)));
    });

    [Fact]
    public void The_order_of_silos_does_not_matter() => Gen.Select(Cases, Gen.Int[0, 1_000]).Sample((c, seed) =>
    {
        var silos = Silos(c.Silos);
        var random = new SeededRandom((ulong)seed);
        var expected = ShardSpread.Over(silos, c.Dataset, c.Layout);
        Assert.Equal(expected, ShardSpread.Over(silos.OrderBy(_ => random.Next(1_000)), c.Dataset, c.Layout));
        foreach (var (number, owner) in c.Layout.Numbers().Zip(expected))
            Assert.Equal(owner, ShardSpread.SiloOf(silos, new ShardKey(c.Dataset, number), c.Layout));
    }, iter: 30);

    [Fact]
    public void A_silo_started_again_where_it_was_is_due_the_same_shards()
    {
        var before = ShardSpread.Over(Silos(5), "drawn", new ShardLayout(0, 64));
        var after = ShardSpread.Over(Silos(5, generation: 2), "drawn", new ShardLayout(0, 64));
        Assert.Equal(before.Select(s => s.Endpoint), after.Select(s => s.Endpoint));
    }

    /// <summary>
    /// A silo that comes must get its share, and one that goes leave it. What moves besides is not bounded by the method: with bad luck a
    /// shard takes another's place, and that one a third's. So many datasets are drawn, always the same ones. Seen: 18.3 shards of 64 from
    /// three silos to four, where 16 have to, and 23 at most.
    /// </summary>
    [Theory]
    [InlineData(16, 2)]
    [InlineData(16, 3)]
    [InlineData(64, 2)]
    [InlineData(64, 3)]
    [InlineData(64, 7)]
    [InlineData(256, 10)]
    public void A_silo_that_comes_or_goes_moves_few_shards_besides(int shards, int silos)
    {
        const int Datasets = 200;
        var layout = new ShardLayout(0, shards);
        var (few, many) = (Silos(silos), Silos(silos + 1));
        int[] moved = [.. Enumerable.Range(0, Datasets)
            .Select(d => ShardSpread.Over(few, $"dataset-{d}", layout).Zip(ShardSpread.Over(many, $"dataset-{d}", layout))
                .Count(p => !p.First.Equals(p.Second)))];
        var share = (double)shards / (silos + 1);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{shards} shards from {silos} silos to {silos + 1}: {moved.Average():F1} move, {moved.Max()} at most, {share:F1} have to"));
        Assert.All(moved, m => Assert.InRange(m, shards / (silos + 1), 2.5 * share));
        Assert.InRange(moved.Average(), share - 1, 1.6 * share);
    }

    [Fact]
    public void Shards_that_are_to_come_are_spread_before_they_hold_anything()
    {
        var silos = Silos(3);
        var layout = new ShardLayout(0, 8, new ShardSplit(ShardSplitStep.Sealed, DateTimeOffset.UnixEpoch, "ann"));
        Assert.Equal(ShardSpread.Over(silos, "drawn", layout.Doubled()),
            layout.Doubled().Numbers().Select(n => ShardSpread.SiloOf(silos, new ShardKey("drawn", n), layout)));
        // The same place as when they hold the images, so that nothing moves then.
        Assert.Equal(ShardSpread.SiloOf(silos, new ShardKey("drawn", 9), layout),
            ShardSpread.SiloOf(silos, new ShardKey("drawn", 9), new ShardLayout(8, 16)));
    }

    [Fact]
    public void A_shard_that_nobody_knows_goes_to_some_silo_and_always_to_that()
    {
        SiloAddress[] silos = Silos(4);
        int[] numbers = [.. Enumerable.Range(0, 400)];
        var known = new ShardLayout(1_000, 2);
        var owners = numbers.Select(n => ShardSpread.SiloOf(silos, new ShardKey("drawn", n), known)).ToArray();
        Assert.Equal(owners, numbers.Select(n => ShardSpread.SiloOf(silos, new ShardKey("drawn", n), null)));
        Assert.All(owners.CountBy(o => o), o => Assert.InRange(o.Value, 60, 140));
        // By chance, so one silo less moves its own shards and no others.
        var fewer = numbers.Select(n => ShardSpread.SiloOf(silos[1..], new ShardKey("drawn", n), null));
        Assert.All(owners.Zip(fewer), p => Assert.True(p.First.Equals(silos[0]) || p.First.Equals(p.Second)));
    }

    /// <summary>
    /// A fixed answer: silos of different builds must agree. Should this fail, shards of a running cluster would wander during an upgrade.
    /// </summary>
    [Fact]
    public void The_answer_is_the_same_in_every_process() =>
        Assert.Equal("1100221112001202",
        string.Concat(ShardSpread.Over(Silos(3), "drawn", new ShardLayout(0, 16)).Select(s => s.Endpoint.Port - 11111)));

    private static SiloAddress[] Silos(int count, int generation = 1) =>
        [.. Enumerable.Range(0, count).Select(i => SiloAddress.New(new IPEndPoint(IPAddress.Parse($"10.0.{i}.7"), 11111 + i), generation))];
}
