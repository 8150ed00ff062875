using Microsoft.Playwright;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Browser.Tests;

/// <summary>Boxes that people draw and mend in the page, held against what the server has of them.</summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium")]
public sealed class BoxTests(StudioHouse house)
{
    private static readonly LabelSchema Boxes = ShapeHouse.SchemaOf(Geometry.Box);

    [Fact]
    public async Task A_box_is_drawn_corrected_and_nudged_by_keyboard_alone()
    {
        var dataset = await house.AskShapesAsync(Boxes, 2);
        await using var ann = await house.DrawerAsync(dataset);
        var name = await ann.OpenedAsync();
        await ann.PressAsync("n");
        await ann.CrossToAsync(12, 20);
        await ann.PressAsync("Enter");
        await ann.CrossToAsync(52, 45);
        await ann.PressAsync("Enter");
        await ann.ShapesAsync(1);
        // Another class; 1 pixel to the right, 10 down, 1 wider; its first corner 1 to the left; turned, and back.
        await ann.PressAsync("2", "ArrowRight", "Shift+ArrowDown", "Control+ArrowRight", "c", "ArrowLeft", "Escape");
        await ann.PressAsync("Alt+ArrowRight", "Control+z");
        // A second one that was a mistake, a third that is a copy.
        await ann.PressAsync("Escape", "n", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter");
        await ann.ShapesAsync(2);
        await ann.PressAsync("Backspace");
        await ann.ShapesAsync(1);
        await ann.PressAsync("Tab", "Control+d", "1", "Escape");
        await ann.ShapesAsync(2);
        await ann.PressAsync("a");
        await ann.OpenedAsync(name);
        await ann.SavedAsync();
        var said = await house.SaidAsync(dataset, name);
        var boxes = said.Cast<BoxAnnotation>().ToList();
        Assert.Equal(("disc", new Box(12, 30, 42, 25)), (boxes[0].Class, boxes[0].Box));
        Assert.Equal(("block", 42, 25), (boxes[1].Class, boxes[1].Box.Width, boxes[1].Box.Height));
        Assert.NotEqual(boxes[0].Box, boxes[1].Box);
        Assert.Empty(ann.Errors);
    }

    [Fact]
    public async Task Boxes_that_a_machine_proposes_are_accepted_by_two_keys_and_mended_where_they_are_wrong()
    {
        // Of each picture the first box is 3 pixels off, and none of them is missing.
        var dataset = await house.AskShapesAsync(Boxes, 3, proposed: picture =>
            [.. picture.Objects.Select((o, i) => o with
            {
                Box = i == 0 ? o.Box with { Width = o.Box.Width + 3 } : o.Box,
                Confidence = 0.9,
            })]);
        await using var ann = await house.DrawerAsync(dataset);
        var first = await ann.OpenedAsync();
        var truth = ShapeHouse.PictureOf(first).Objects;
        await ann.ShapesAsync(truth.Count);
        await Assertions.Expect(ann.Page.Locator("[aria-current=step]")).ToContainTextAsync("good?");
        await ann.PressAsync("a");
        await Assertions.Expect(ann.Page.Locator("[aria-current=step]")).ToContainTextAsync("All found?");
        await ann.PressAsync("a");
        var second = await ann.OpenedAsync(first);
        var mended = ShapeHouse.PictureOf(second).Objects;
        await ann.ShapesAsync(mended.Count);
        await ann.PressAsync("Tab", "Control+ArrowLeft", "Control+ArrowLeft", "Control+ArrowLeft", "Escape", "a", "a");
        var third = await ann.OpenedAsync(second);
        await ann.PressAsync("x");
        await ann.ShapesAsync(0);
        await ann.PressAsync("a");
        await ann.SavedAsync();
        var accepted = (await house.SaidAsync(dataset, first)).Cast<BoxAnnotation>().ToList();
        Assert.Equal(truth.Select((o, i) => (o.Class, o.Box.Width + (i == 0 ? 3 : 0))), accepted.Select(b => (b.Class, b.Box.Width)));
        Assert.All(accepted, b => Assert.Equal(("finder", 0.9), (b.Source, b.Confidence)));
        var said = (await house.SaidAsync(dataset, second)).Cast<BoxAnnotation>().ToList();
        Assert.Equal(mended.Select(o => (o.Class, o.Box)), said.Select(b => (b.Class, b.Box)));
        // What a person changed is theirs; whose it was stays.
        Assert.Equal(("finder", null), (said[0].Source, said[0].Confidence));
        Assert.Empty(await house.SaidAsync(dataset, third));
        Assert.Empty(ann.Errors);
    }

    [Fact, Trait("kind", "long")]
    public async Task A_box_is_drawn_by_dragging_by_two_clicks_and_by_four_extreme_points()
    {
        var dataset = await house.AskShapesAsync(Boxes, 2);
        await using var ann = await house.DrawerAsync(dataset);
        var name = await ann.OpenedAsync();
        await ann.DragAsync((10, 10), (40, 30));
        await ann.ShapesAsync(1);
        await ann.PressAsync("Escape", "n");
        await ann.ClickAsync(60, 10);
        await ann.ClickAsync(90, 30);
        await ann.ShapesAsync(2);
        await ann.PressAsync("Escape");
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "extremes" }).ClickAsync();
        await ann.PressAsync("n");
        foreach (var (x, y) in new[] { (20, 60), (30, 50), (40, 65), (25, 80) }) await ann.ClickAsync(x, y);
        await ann.ShapesAsync(3);
        // The last one is pulled by its corner, moved by its middle, and turned.
        await ann.DragAsync((40, 80), (50, 85));
        await ann.DragAsync((35, 67), (45, 68));
        await ann.PressAsync("Alt+Shift+ArrowRight", "Escape", "a");
        await ann.OpenedAsync(name);
        await ann.SavedAsync();
        var boxes = (await house.SaidAsync(dataset, name)).Cast<BoxAnnotation>().Select(b => b.Box);
        Assert.Equal([new Box(10, 10, 30, 20), new Box(60, 10, 30, 20), new Box(30, 51, 30, 35) { Rotation = 10 }], boxes);
        Assert.Empty(ann.Errors);
    }

    [Fact, Trait("kind", "long")]
    public async Task What_is_drawn_survives_a_killed_tab_and_is_sent_once()
    {
        var dataset = await house.AskShapesAsync(Boxes, 1);
        await using var ann = await house.DrawerAsync(dataset);
        var name = await ann.OpenedAsync();
        await ann.DragAsync((10, 10), (40, 30));
        await ann.DragAsync((60, 10), (90, 30));
        await ann.PressAsync("3", "ArrowRight");
        await ann.ShapesAsync(2);
        // Gone without a word: no page is told that it ends.
        var session = await ann.Context.NewCDPSessionAsync(ann.Page);
        _ = session.SendAsync("Page.crash");
        await ann.NewPageAsync($"d/{dataset}/label");
        Assert.Equal(name, await ann.OpenedAsync());
        await ann.ShapesAsync(2);
        await ann.PressAsync("a");
        await ann.SavedAsync();
        Assert.Equal([("block", new Box(10, 10, 30, 20)), ("wedge", new Box(61, 10, 30, 20))],
            (await house.SaidAsync(dataset, name)).Cast<BoxAnnotation>().Select(b => (b.Class, b.Box)));
        Assert.Single((await house.HistoriesAsync(dataset))[name]);
        Assert.Empty(ann.Errors);
    }

    [Fact, Trait("kind", "long")]
    public async Task An_answer_that_is_undone_comes_back_as_it_was_drawn()
    {
        var dataset = await house.AskShapesAsync(Boxes, 2);
        await using var ann = await house.DrawerAsync(dataset);
        var name = await ann.OpenedAsync();
        await ann.DragAsync((10, 10), (40, 30));
        await ann.ShapesAsync(1);
        await ann.PressAsync("Escape", "a");
        await ann.OpenedAsync(name);
        await ann.SavedAsync();
        await ann.PressAsync("Backspace");
        await Assertions.Expect(ann.Page.Locator(".canvas")).ToHaveAttributeAsync("aria-label", $"{name}, 1 shape. All keys: F1");
        await ann.PressAsync("Tab", "ArrowDown", "Escape", "a");
        await ann.OpenedAsync(name);
        await ann.SavedAsync();
        var history = (await house.HistoriesAsync(dataset))[name];
        Assert.Equal([DecisionKind.Label, DecisionKind.TakeBack, DecisionKind.Label], history.Select(h => h.Decision.Kind));
        Assert.Equal(new Box(10, 11, 30, 20), Assert.IsType<BoxAnnotation>(Assert.Single(history[^1].Decision.Annotations)).Box);
        Assert.Empty(ann.Faults);
    }
}
