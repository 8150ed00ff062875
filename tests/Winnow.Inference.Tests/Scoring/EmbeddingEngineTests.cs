using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Winnow.Inference.Backbones;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Tests.Images;

namespace Winnow.Inference.Tests.Scoring;

public sealed partial class EmbeddingEngineTests : IDisposable
{
    private static readonly EngineOptions Options = new() { Workers = 2, MaxBatch = 4, QueueCapacity = 16, Fetches = 4 };

    private readonly string _folder = Directory.CreateTempSubdirectory("winnow-engine-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Concurrent_callers_get_their_own_answers_in_order()
    {
        await using var engine = Engine(TinyModels.ChannelMeans());
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async caller =>
        {
            var lot = await engine.EmbedAsync(23, async (i, _) =>
            {
                if (i % 3 == 0)
                    await Task.Yield();
                return TestImages.Solid((byte)(caller * 10), (byte)(i * 10), 5);
            });
            Assert.Equal(23 * 3, lot.Vectors.Length);
            for (var i = 0; i < 23; i++)
            {
                Assert.Null(lot.Reasons[i]);
                Assert.Equal(caller * 10 / 255f, (float)lot.Vectors[3 * i], 1e-3f);
                Assert.Equal(i * 10 / 255f, (float)lot.Vectors[(3 * i) + 1], 1e-3f);
            }
        }));
    }

    [Fact]
    public async Task A_refused_image_has_a_reason_and_NaN_and_the_others_a_vector()
    {
        await using var engine = Engine(TinyModels.ChannelMeans());
        var lot = await engine.EmbedAsync(3, (i, _) => new(i == 1 ? "<html>"u8.ToArray() : TestImages.Solid(255, 0, 0)));
        Assert.Null(lot.Reasons[0]);
        Assert.Contains("text, not an image", lot.Reasons[1]);
        Assert.Null(lot.Reasons[2]);
        Assert.All(lot.Vectors[3..6], v => Assert.True(Half.IsNaN(v)));
        Assert.Equal(1f, (float)lot.Vectors[6]);
        var none = await engine.EmbedAsync(0, (_, _) => throw new InvalidOperationException());
        Assert.Empty(none.Vectors);
    }

    [Fact]
    public async Task Images_that_the_model_fails_on_are_found_by_bisection()
    {
        await using var engine = Engine(TinyModels.FailsOnBright(), Options with { Workers = 1, MaxBatch = 16 });
        var lot = await engine.EmbedAsync(40, (i, _) => new(TestImages.Solid(Grey(i), Grey(i), Grey(i))));
        for (var i = 0; i < 40; i++)
        {
            if (Grey(i) >= 200)
            {
                Assert.Contains("fails on this image alone", lot.Reasons[i]);
                Assert.True(Half.IsNaN(lot.Vectors[2 * i]));
            }
            else
            {
                Assert.Null(lot.Reasons[i]);
                Assert.Equal((i, -i), ((int)lot.Vectors[2 * i], (int)lot.Vectors[(2 * i) + 1]));
            }
        }

        static byte Grey(int i) => i is 5 or 6 or 31 ? (byte)250 : (byte)i;
    }

    [Fact]
    public async Task A_decoder_that_throws_for_an_image_costs_that_image_alone()
    {
        await using var engine = WithDecoder(bytes => bytes.Span[0] == 'X');
        var lot = await engine.EmbedAsync(40, (i, _) => new(i is 3 or 17 ? "X"u8.ToArray() : TestImages.Solid(51, 51, 51)));
        for (var i = 0; i < 40; i++)
        {
            if (i is 3 or 17) Assert.Contains("The decoder fails on this image", lot.Reasons[i]);
            else Assert.Null(lot.Reasons[i]);
            Assert.Equal(i is 3 or 17, Half.IsNaN(lot.Vectors[i]));
        }
    }

    [Fact]
    public async Task A_decoder_that_throws_for_every_image_ends_the_call_and_puts_nothing_aside()
    {
        await using var engine = WithDecoder(_ => true);
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.EmbedAsync(10, (_, _) => new(TestImages.Solid(1, 1, 1))));
    }

    [Fact]
    public async Task Idle_workers_share_what_comes_at_once()
    {
        var runners = new[] { new PlainRunner(), new PlainRunner() };
        await using var engine = Engine(runners, TestImages.Decoder.TryDecodeToTensor);
        var open = new TaskCompletionSource();
        var calls = Enumerable.Range(0, 4).Select(_ => engine.EmbedAsync(1, async (_, _) =>
        {
            await open.Task;
            return TestImages.Solid(1, 1, 1);
        })).ToArray();
        open.SetResult();
        await Task.WhenAll(calls);
        Assert.All(runners, r => Assert.InRange(r.Largest, 0, 1));
    }

    [Fact]
    public async Task What_comes_while_the_device_runs_makes_one_batch()
    {
        using var open = new ManualResetEventSlim();
        var runners = new[] { new PlainRunner { Open = open }, new PlainRunner { Open = open } };
        var decoded = new SemaphoreSlim(0);
        await using var engine =
            Engine(runners, (ReadOnlyMemory<byte> bytes, Span<float> chw, int side, in Normalisation normalisation,
                [NotNullWhen(false)] out string? reason) =>
        {
            decoded.Release();
            return TestImages.Decoder.TryDecodeToTensor(bytes, chw, side, normalisation, out reason);
        }, Device.Cuda(0));
        Task Ask() => engine.EmbedAsync(1, (_, _) => new(TestImages.Solid(1, 1, 1)));
        List<Task> calls = [Ask()];
        await Task.WhenAny(runners.Select(r => r.Begun.Task));
        for (var i = 0; i < 5; i++)
        {
            await decoded.WaitAsync();
            calls.Add(Ask());
        }
        await decoded.WaitAsync();
        open.Set();
        await Task.WhenAll(calls);
        Assert.Equal([1, 5], runners.Select(r => r.Largest).Order());
    }

    [Fact]
    public async Task Values_beyond_float16_are_refused()
    {
        await using var engine = Engine(TinyModels.ChannelMeans(scale: 100_000));
        var lot = await engine.EmbedAsync(2, (i, _) => new(TestImages.Solid((byte)(i * 255), 0, 0)));
        Assert.Null(lot.Reasons[0]);
        Assert.Contains("finite", lot.Reasons[1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_fixed_batch_is_respected(int batch)
    {
        await using var engine = Engine(TinyModels.ChannelMeans(batch));
        var lot = await engine.EmbedAsync(10, (i, _) => new(TestImages.Solid((byte)(i * 20), 0, 0)));
        for (var i = 0; i < 10; i++)
            Assert.Equal(i * 20 / 255f, (float)lot.Vectors[3 * i], 1e-3f);
    }

    [Fact]
    public async Task Maps_are_averaged_over_space()
    {
        await using var engine = Engine(TinyModels.Maps());
        Assert.Equal(3, engine.Backbone.Dimensions);
        var half = TestImages.Encode(8, 8, (x, _) => (x < 4 ? (byte)255 : (byte)0, 51, 0));
        var lot = await engine.EmbedAsync(2, (_, _) => new(half));
        Assert.Equal(0.5f, (float)lot.Vectors[3], 1e-3f);
        Assert.Equal(0.2f, (float)lot.Vectors[4], 1e-3f);
    }

    [Fact]
    public async Task A_failed_fetch_is_the_callers_exception_and_nobody_elses()
    {
        await using var engine = Engine(TinyModels.ChannelMeans());
        var other = engine.EmbedAsync(50, (_, _) => new(TestImages.Solid(255, 0, 0)));
        var failure = await Assert.ThrowsAsync<IOException>(() => engine.EmbedAsync(50, async (i, ct) =>
        {
            await Task.Yield();
            if (i == 7)
                throw new IOException("the disk is gone");
            return TestImages.Solid(0, 0, 0);
        }));
        Assert.Equal("the disk is gone", failure.Message);
        Assert.All((await other).Reasons, Assert.Null);
        await Assert.ThrowsAsync<IOException>(() => engine.EmbedAsync(1, (_, _) => throw new IOException("at once")));
    }

    [Fact]
    public async Task Cancelling_ends_the_call_after_its_fetches_and_leaves_the_engine_usable()
    {
        await using var engine = Engine(TinyModels.ChannelMeans());
        using var cancel = new CancellationTokenSource();
        var running = 0;
        var begun = new TaskCompletionSource();
        var call = engine.EmbedAsync(100, async (_, ct) =>
        {
            Interlocked.Increment(ref running);
            begun.TrySetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
                return default;
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }, cancel.Token);
        await begun.Task;
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(0, running);
        Assert.Null((await engine.EmbedAsync(1, (_, _) => new(TestImages.Solid(1, 2, 3)))).Reasons[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.EmbedAsync(1, (_, _) => default, cancel.Token));
    }

    [Fact]
    public async Task Disposal_lets_calls_finish_and_takes_no_new_ones()
    {
        var engine = Engine(TinyModels.ChannelMeans());
        var release = new TaskCompletionSource();
        var call = engine.EmbedAsync(60, async (_, _) =>
        {
            await release.Task;
            return TestImages.Solid(0, 255, 0);
        });
        var disposal = engine.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.EmbedAsync(1, (_, _) => default));
        Assert.False(disposal.IsCompleted);
        release.SetResult();
        Assert.All((await call).Reasons, Assert.Null);
        await disposal;
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task Outcomes_are_counted()
    {
        var seen = new System.Collections.Concurrent.ConcurrentBag<(string Name, object? Outcome)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == InferenceTelemetry.Name)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => seen.Add((instrument.Name, tags[0].Value)));
        listener.Start();
        await using var engine = Engine(TinyModels.ChannelMeans());
        await engine.EmbedAsync(2, (i, _) => new(i == 0 ? TestImages.Solid(1, 1, 1) : []));
        Assert.Contains(("winnow.inference.images", (object?)"scored"), seen);
        Assert.Contains(("winnow.inference.images", (object?)"refused"), seen);
    }

    [Fact]
    public void Options_and_recorded_shapes_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Engine(TinyModels.ChannelMeans(), Options with { Workers = 0 }));
        var file = Backbone(TinyModels.ChannelMeans());
        var wrong = file with { Info = file.Info with { Dimensions = 4 } };
        Assert.Throws<WeightsUnavailableException>(() =>
            new EmbeddingEngine(wrong, Device.Cpu, Options, TestImages.Decoder, TimeProvider.System));
    }

    [Fact]
    public void Devices_always_include_the_processor_and_explain_a_missing_gpu()
    {
        var unwanted = DeviceCatalog.Discover(gpuWanted: false);
        Assert.Equal([Device.Cpu], unwanted.Devices);
        Assert.Contains("does not ask", unwanted.WhyNoGpu);
        var report = DeviceCatalog.Discover(gpuWanted: true);
        Assert.Contains(Device.Cpu, report.Devices);
        Assert.Contains("CPUExecutionProvider", report.Providers);
        Assert.Equal(report.WhyNoGpu is null, report.Devices.Any(d => d.Kind == "cuda"));
        if (!report.Providers.Contains("CUDAExecutionProvider"))
            Assert.Contains("-p:Gpu=true", report.WhyNoGpu);
        else if (report.WhyNoGpu is not null)
            Assert.Contains("No CUDA device runs a model", report.WhyNoGpu);
    }

    [Fact]
    public void Comparison_finds_the_largest_difference_and_its_image()
    {
        var (dark, bright, broken) =
            (Path.Combine(_folder, "dark.png"), Path.Combine(_folder, "bright.png"), Path.Combine(_folder, "broken.png"));
        File.WriteAllBytes(dark, TestImages.Solid(51, 51, 51));
        File.WriteAllBytes(bright, TestImages.Solid(255, 51, 51));
        File.WriteAllBytes(broken, []);
        var difference = BackboneComparison.Compare(
            Backbone(TinyModels.ChannelMeans()), Backbone(TinyModels.ChannelMeans(scale: 1.5f)), [dark, bright, broken],
            TestImages.Decoder);
        Assert.Equal((2, 1, bright), (difference.Images, difference.Refused, difference.WorstImage));
        Assert.Equal(0.5f, difference.MaxAbsolute, 1e-4f);
        Assert.Equal((0.1 * 5 + 0.5) / 6, difference.MeanAbsolute, 1e-4);
    }
}
