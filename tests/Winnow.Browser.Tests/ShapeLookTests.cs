using System.Globalization;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Winnow.Model.Labels;

namespace Winnow.Browser.Tests;

/// <summary>
/// The pages on which shapes are drawn, in both themes, wide and narrow: read by a tool that looks for what keeps people out, and kept as
/// pictures for people to look at (<c>WINNOW_SCREENSHOTS</c>, a folder).
/// </summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium"), Trait("kind", "long")]
public sealed class ShapeLookTests(StudioHouse house)
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("WINNOW_SCREENSHOTS");

    [Theory]
    [InlineData(ColorScheme.Light, 1280, 800)]
    [InlineData(ColorScheme.Dark, 1920, 1080)]
    [InlineData(ColorScheme.Dark, 1280, 800)]
    [InlineData(ColorScheme.Light, 390, 844)]
    [InlineData(ColorScheme.Dark, 390, 844)]
    public async Task No_page_with_a_canvas_keeps_anybody_out(ColorScheme theme, int width, int height)
    {
        var schema = new LabelSchema
        {
            Classes =
            [
                new LabelClass("block"), new LabelClass("disc") { Keypoints = ["top", "middle", "bottom"], Skeleton = [0, 1, 1, 2] },
                new LabelClass("wedge"),
            ],
            Geometries = [Geometry.Box, Geometry.Polygon, Geometry.Keypoints, Geometry.Mask, Geometry.Text],
            Attributes = [new LabelAttribute("dented", AttributeKind.Flag) { Required = true, Classes = ["block"] }],
        };
        var dataset = await house.AskShapesAsync(schema, 8, proposed: picture =>
            [.. picture.Objects.Select(o => o with { Confidence = 0.87, Attributes = o.Class == "block"
                ? new Dictionary<string, AttributeValue> { ["dented"] = AttributeValue.Of(false) } : null })]);
        await using var ann = await house.DrawerAsync(dataset, theme: theme, width: width, height: height);
        var wrong = new List<string>();
        var name = await ann.OpenedAsync();
        var count = ShapeHouse.PictureOf(name).Objects.Count;
        await ann.ShapesAsync(count);
        await LookAsync("boxes-good");
        await ann.PressAsync("Tab");
        await Assertions.Expect(ann.Page.Locator(".pick.shapes [aria-pressed=true]")).ToHaveCountAsync(1);
        await LookAsync("boxes-mend");
        await ann.PressAsync("Escape", "a", "n");
        await ann.CrossToAsync(60, 40);
        await ann.PressAsync("Enter", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown");
        await LookAsync("boxes-found");
        await ann.PressAsync("Enter", "Escape", "2", "k");
        await ann.CrossToAsync(20, 30);
        await ann.PressAsync("Enter", "Shift+ArrowDown", "Enter", "Shift+ArrowDown", "o", "c");
        await ann.ShapesAsync(count + 2);
        await LookAsync("keypoints");
        await ann.PressAsync("Escape", "Escape", "3", "g");
        foreach (var (x, y) in new[] { (90, 50), (120, 60), (110, 85), (90, 50) })
        {
            await ann.CrossToAsync(x, y);
            await ann.PressAsync("Enter");
        }
        await ann.PressAsync("b");
        await LookAsync("mask");
        await ann.PressAsync("Escape", "Escape", "t");
        await ann.CrossToAsync(10, 5);
        await ann.PressAsync("Enter");
        await ann.CrossToAsync(70, 18);
        await ann.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator("#transcript")).ToBeFocusedAsync();
        await ann.Page.Keyboard.TypeAsync("Oat milk 2 × 1.95");
        await LookAsync("text");
        await ann.PressAsync("Escape", "F1");
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await LookAsync("shape-keys");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(ann.Errors);

        async Task LookAsync(string page)
        {
            if (Pictures is not null)
            {
                // The last painting is there in the next frames.
                await ann.Page.EvaluateAsync("() => new Promise(go => setTimeout(go, 400))");
                var file = string.Create(CultureInfo.InvariantCulture, $"{page}-{theme}-{width}.png").ToLowerInvariant();
                await ann.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, file) });
            }
            var wide = await ann.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
            if (wide > width) wrong.Add($"{page}: is {wide} pixels wide");
            var found = await ann.Page.RunAxe(new AxeRunOptions());
            wrong.AddRange(found.Violations.Where(v => v.Impact is "serious" or "critical")
                .Select(v => $"{page}: {v.Id}, {v.Help}: {string.Join(" | ", v.Nodes.Select(n => n.Html))}"));
        }
    }
}
