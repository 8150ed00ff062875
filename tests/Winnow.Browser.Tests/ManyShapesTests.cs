using System.Globalization;
using Microsoft.Playwright;
using SkiaSharp;
using Winnow.Algorithms.Numerics;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Prelabels;
using Winnow.Model.Training;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Browser.Tests;

/// <summary>Two thousand shapes on twelve megapixels, and nobody waits for a frame.</summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium"), Trait("kind", "long")]
public sealed class ManyShapesTests(StudioHouse house, ITestOutputHelper output)
{
    private const int Shapes = 2_000;
    private const int Width = 4_000, Height = 3_000;

    [Fact]
    public async Task With_two_thousand_shapes_on_twelve_megapixels_no_frame_is_late()
    {
        var dataset = await AskAsync();
        await using var ann = await house.DrawerAsync(dataset);
        await ann.OpenedAsync();
        await ann.ShapesAsync(Shapes);
        // All pixels are here before it is measured.
        await ann.Page.WaitForFunctionAsync("() => document.querySelector('.canvas img').naturalWidth === 4000");
        var mouse = ann.Page.Mouse;
        await mouse.MoveAsync(500, 350);
        await TellAsync(ann, "pan", async () =>
        {
            await mouse.DownAsync(new MouseDownOptions { Button = MouseButton.Middle });
            await WanderAsync(mouse, 500, 350);
            await mouse.UpAsync(new MouseUpOptions { Button = MouseButton.Middle });
        });
        await TellAsync(ann, "zoom", async () =>
        {
            for (var i = 0; i < 40; i++) await mouse.WheelAsync(0, i < 20 ? -100 : 100);
        });
        await ann.PressAsync("Tab");
        await Assertions.Expect(ann.Page.Locator(".sheet-overlay .handle").First).ToBeVisibleAsync();
        var outline = (await ann.Page.Locator(".sheet-overlay .shape.selected").BoundingBoxAsync())!;
        var (x, y) = (outline.X + outline.Width / 2, outline.Y + outline.Height / 2);
        await mouse.MoveAsync(x, y);
        await TellAsync(ann, "drag a shape", async () =>
        {
            await mouse.DownAsync();
            await WanderAsync(mouse, x, y);
            await mouse.UpAsync();
        });
        Assert.Empty(ann.Errors);
    }

    private static async Task WanderAsync(IMouse mouse, float x, float y)
    {
        for (var i = 0; i < 120; i++) await mouse.MoveAsync(x + 80 * MathF.Sin(i / 10f), y + 60 * MathF.Sin(i / 13f));
    }

    private async Task TellAsync(StudioPerson person, string what, Func<Task> work)
    {
        var trace = await FrameTrace.OfAsync(person, work);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}, {Shapes} shapes on {Width} × {Height}: {trace.Frames} frames, busy {trace.Median:0.0} ms in the median one, "
            + $"{trace.NinetyFifth:0.0} ms p95 ({trace.NinetyFifthOnTheClock:0.0} on the clock); longest task {trace.LongestTask:0.0} ms"));
        Assert.True(trace.NinetyFifth <= 8, $"{what}: the page's thread is busy for {trace.NinetyFifth:0.0} ms in one frame of twenty");
        Assert.True(trace.LongestTask <= 50, $"{what}: a task takes {trace.LongestTask:0.0} ms");
    }

    /// <summary>A dataset of large pictures, each with two thousand boxes that a machine proposes.</summary>
    private async Task<string> AskAsync()
    {
        var name = "many-shapes";
        await house.Operator.CreateDatasetAsync(new CreateDataset(name, ShapeHouse.SchemaOf(Geometry.Box),
            new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        await foreach (var _ in house.Operator.ImportAsync(name, EnumerateAsync()))
        {
        }
        await house.Operator.WaitForScoringAsync(name);
        var random = new SeededRandom(7);
        await foreach (var image in house.Operator.ListImagesAsync(name))
        {
            var boxes = Enumerable.Range(0, Shapes).Select(Annotation (i) => new BoxAnnotation(ComposedPictures.Classes[i % 3],
                new Box(random.Next(Width - 150), random.Next(Height - 150), 20 + random.Next(120), 20 + random.Next(120)))).ToList();
            Assert.Empty((await house.Operator.AddPrelabelsAsync(name,
                [new ImagePrelabel(image.Id, "finder", boxes, TimeProvider.System.GetUtcNow())])).Refused);
        }
        await house.Operator.StartRoundAsync(name, new StartRound(1));
        await Until.TrueAsync(async () => (await house.Operator.GetStatusAsync(name)).OpenTasks >= 1, TimeSpan.FromMinutes(1),
            () => "the round asks");
        return name;
    }

    private static async IAsyncEnumerable<ImageToImport> EnumerateAsync()
    {
        for (var i = 0; i < 40; i++)
        {
            var bytes = Draw(i);
            yield return new ImageToImport(string.Create(CultureInfo.InvariantCulture, $"large/{i:D2}.jpg"),
                _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes), null, Partition.Pool);
        }
        await Task.CompletedTask;
    }

    private static byte[] Draw(int index)
    {
        var random = new SeededRandom((ulong)index);
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        SKColor Colour() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        canvas.Clear(Colour());
        using var paint = new SKPaint();
        for (var i = 0; i < 200; i++)
        {
            paint.Color = Colour();
            canvas.DrawCircle(random.Next(Width), random.Next(Height), 20 + random.Next(100), paint);
        }
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 85);
        return data.ToArray();
    }
}
