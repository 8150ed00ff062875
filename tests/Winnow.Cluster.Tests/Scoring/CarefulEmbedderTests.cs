using Winnow.Abstractions.Scoring;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Inference.Images;
using Winnow.Model.Images;

namespace Winnow.Cluster.Tests.Scoring;

public sealed class CarefulEmbedderTests
{
    private static readonly EmbedLot Lot = new("cats", [.. Enumerable.Range(0, 64).Select(ShardIndexTests.IdOf)]);

    [Theory]
    [InlineData(new[] { 0 })]
    [InlineData(new[] { 63 })]
    [InlineData(new[] { 5, 6, 7, 40 })]
    [InlineData(new[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 })]
    public async Task Images_that_make_a_lot_fail_are_found_by_halves(int[] bad)
    {
        var device = new Device { Fails = lot => lot.Intersect(bad).Any() };
        var embedded = await RunAsync(device, new NoCrashNotes());
        for (var i = 0; i < Lot.Images.Length; i++)
        {
            if (bad.Contains(i))
            {
                Assert.Contains("on this image alone", embedded.Reasons[i]);
                Assert.True(Half.IsNaN(embedded.Vectors[i]));
            }
            else
            {
                Assert.Null(embedded.Reasons[i]);
                Assert.Equal((Half)i, embedded.Vectors[i]);
            }
        }
        Assert.InRange(device.Runs, 2, 128);
    }

    [Fact]
    public async Task A_lot_in_which_nothing_is_sound_is_put_aside_by_a_device_that_works()
    {
        var device = new Device { Fails = lot => lot is not [Device.Plain] };
        var embedded = await RunAsync(device, new NoCrashNotes());
        Assert.All(embedded.Reasons, r => Assert.Contains("on this image alone", r));
    }

    [Fact]
    public async Task A_device_that_fails_on_everything_puts_nothing_aside_and_is_asked_but_twice()
    {
        var device = new Device { Fails = _ => true };
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(device, new NoCrashNotes()));
        Assert.Equal([.. Enumerable.Range(0, Lot.Images.Length)], device.Lots[0]);
        Assert.Equal([Device.Plain], device.Lots[1]);
        Assert.Equal(2, device.Runs);
    }

    [Fact]
    public async Task A_failure_that_does_not_come_again_puts_nothing_aside()
    {
        HashSet<int> failed = [];
        var embedded = await RunAsync(
            new Device
            {
                Fails = lot =>
                lot is [not Device.Plain] && lot[0] < 8 && failed.Add(lot[0]) || lot.Count > 1 && lot.Contains(3)
            }, new NoCrashNotes());
        Assert.All(embedded.Reasons, Assert.Null);
        Assert.Equal([.. Enumerable.Range(0, Lot.Images.Length).Select(i => (Half)i)], embedded.Vectors);
        Assert.NotEmpty(failed);
    }

    [Fact]
    public void The_plain_picture_is_one()
    {
        using var decoder = new ImageDecoder(new ImageLimits(), TimeProvider.System);
        var chw = new float[3 * 32 * 32];
        Assert.True(decoder.TryDecodeToTensor(CarefulEmbedder.PlainPicture, chw, 32, Normalisation.UnitRange, out var reason), reason);
        Assert.All(chw, v => Assert.Equal(128 / 255f, v, 0.01f));
    }

    [Fact]
    public async Task A_device_that_dies_in_the_middle_puts_nothing_aside()
    {
        var runs = 0;
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            RunAsync(new Device { Fails = _ => ++runs is not (2 or 3) }, new NoCrashNotes()));
    }

    [Fact]
    public async Task A_store_that_fails_puts_nothing_aside()
    {
        var careful = new CarefulEmbedder(new Device(), new NoCrashNotes());
        var fetches = 0;
        await Assert.ThrowsAsync<IOException>(() =>
            careful.EmbedAsync(Lot, (_, _) => ++fetches == 20 ? throw new IOException("away") : new(new byte[] { 1 }), default));
        Assert.Equal(20, fetches);
    }

    [Fact]
    public async Task Suspects_run_alone_and_the_guilty_not_at_all()
    {
        var device = new Device();
        var embedded = await RunAsync(device, new Notes { Levels = { [3] = Suspicion.Suspect, [9] = Suspicion.Guilty } });
        Assert.Contains("ended each time", embedded.Reasons[9]);
        Assert.Single(embedded.Reasons, r => r is not null);
        Assert.Equal(2, device.Runs);
        Assert.Contains(device.Lots, l => l is [3]);
        Assert.DoesNotContain(device.Lots, l => l.Contains(9));
    }

    private static Task<Embedded> RunAsync(Device device, ICrashNotes notes) => new CarefulEmbedder(device, notes).EmbedAsync(
        Lot, (image, _) => new(new[] { (byte)Array.IndexOf(Lot.Images, image) }), default);

    /// <summary>Gives each image its number, which is its only byte.</summary>
    private sealed class Device : IEmbedder
    {
        /// <summary>Stands for the plain picture.</summary>
        public const int Plain = -1;

        public Func<IReadOnlyList<int>, bool> Fails { get; init; } = _ => false;

        public List<int[]> Lots { get; } = [];

        public int Runs => Lots.Count;

        public int Dimensions => 1;

        public async Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
            CancellationToken cancellationToken)
        {
            var lot = new int[count];
            for (var i = 0; i < count; i++) lot[i] = await fetch(i, cancellationToken) is { Length: 1 } number ? number.Span[0] : Plain;
            Lots.Add(lot);
            return Fails(lot) ? throw new InvalidOperationException("no") : new Embedded([.. lot.Select(n => (Half)n)], new string?[count]);
        }
    }

    private sealed class Notes : ICrashNotes, IDisposable
    {
        public Dictionary<int, Suspicion> Levels { get; } = [];

        public bool AnySuspect => true;

        public Suspicion Of(string dataset, ImageId image) => Levels.GetValueOrDefault(Array.IndexOf(Lot.Images, image));

        public IDisposable Begin(string dataset, IReadOnlyList<ImageId> images) => this;

        public void Dispose()
        {
        }
    }
}
