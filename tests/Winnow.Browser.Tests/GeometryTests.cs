using Microsoft.Playwright;
using Winnow.Model.Labels;

namespace Winnow.Browser.Tests;

/// <summary>Each geometry, drawn by pointer and by keys, as the server has it then.</summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium"), Trait("kind", "long")]
public sealed class GeometryTests(StudioHouse house)
{
    private static readonly LabelSchema All = new()
    {
        Classes =
        [
            new LabelClass("block"), new LabelClass("disc"),
            new LabelClass("wedge") { Keypoints = ["tip", "left", "right"], Skeleton = [0, 1, 1, 2] },
        ],
        Geometries = [Geometry.Box, Geometry.Polygon, Geometry.Polyline, Geometry.Keypoints, Geometry.Mask, Geometry.Text],
    };

    [Fact]
    public async Task All_geometries_are_drawn_by_pointer()
    {
        var dataset = await house.AskShapesAsync(All, 2);
        await using var ann = await house.DrawerAsync(dataset);
        var name = await ann.OpenedAsync();
        await ann.DragAsync((5, 5), (25, 20));
        await ann.PressAsync("Escape", "p");
        foreach (var (x, y) in new[] { (40, 5), (60, 8), (55, 25), (40, 5) }) await ann.ClickAsync(x, y);
        await ann.PressAsync("Escape", "l");
        foreach (var (x, y) in new[] { (70, 5), (90, 10), (100, 20), (100, 20) }) await ann.ClickAsync(x, y);
        await ann.ShapesAsync(3);
        await ann.PressAsync("Escape", "3", "k");
        await ann.ClickAsync(110, 10);
        var (left, top) = await ann.OnScreenAsync(120, 12);
        await ann.Page.Mouse.MoveAsync(left, top);
        await ann.PressAsync("o", "u");
        await ann.ShapesAsync(4);
        await ann.PressAsync("Escape", "2", "b");
        await ann.DragAsync((20, 60), (40, 60));
        await ann.PressAsync("e");
        await ann.DragAsync((30, 50), (30, 70));
        await ann.PressAsync("Escape", "Escape", "t");
        await ann.DragAsync((70, 60), (120, 75));
        await Assertions.Expect(ann.Page.Locator("#transcript")).ToBeFocusedAsync();
        await ann.Page.Keyboard.TypeAsync("Oat milk 2");
        await ann.PressAsync("Enter");
        await ann.ShapesAsync(6);
        await ann.PressAsync("a");
        await ann.OpenedAsync(name);
        await ann.SavedAsync();
        var said = await house.SaidAsync(dataset, name);
        Assert.Equal(["block", "block", "block", "wedge", "disc", "disc"], said.Select(s => s.Class));
        Assert.Equal(new Box(5, 5, 20, 15), Assert.IsType<BoxAnnotation>(said[0]).Box);
        Assert.Equal([40, 5, 60, 8, 55, 25], Assert.IsType<PolygonAnnotation>(said[1]).Points);
        Assert.Equal([70, 5, 90, 10, 100, 20], Assert.IsType<PolylineAnnotation>(said[2]).Points);
        Assert.Equal([110, 10, 2, 120, 12, 1, 0, 0, 0], Assert.IsType<KeypointsAnnotation>(said[3]).Points);
        var mask = Assert.IsType<MaskAnnotation>(said[4]).Mask;
        Assert.Equal((144, 96), (mask.Width, mask.Height));
        // Two pieces are left where the eraser went through.
        Assert.True(Holds(mask, 20, 60) && Holds(mask, 40, 60) && !Holds(mask, 30, 60) && !Holds(mask, 60, 60),
            "the mask is where it was painted");
        var text = Assert.IsType<TextAnnotation>(said[5]);
        Assert.Equal(("Oat milk 2", 8), (text.Text, text.Points.Count));
        Assert.Empty(ann.Errors);
    }

    [Fact]
    public async Task All_geometries_are_drawn_by_keys()
    {
        var dataset = await house.AskShapesAsync(All, 2);
        await using var ann = await house.DrawerAsync(dataset);
        var name = await ann.OpenedAsync();
        await DrawAsync(ann, "p", (40, 5), (60, 8), (55, 25), (55, 25));
        // Its second corner is grabbed and moved, a further one set after it and removed again.
        await ann.PressAsync("c", "c", "ArrowRight", "Enter", "Delete", "Escape", "Escape");
        await DrawAsync(ann, "l", (70, 5), (90, 10), (90, 10));
        await ann.PressAsync("Escape", "3");
        await DrawAsync(ann, "k", (110, 10), (120, 12), (130, 30));
        await ann.PressAsync("c", "o", "Escape", "Escape", "2");
        await DrawAsync(ann, "g", (10, 50), (30, 50), (30, 70), (10, 70), (10, 50));
        await ann.PressAsync("Escape");
        await DrawAsync(ann, "t", (70, 60), (120, 75));
        await Assertions.Expect(ann.Page.Locator("#transcript")).ToBeFocusedAsync();
        await ann.Page.Keyboard.TypeAsync("Rye");
        await ann.PressAsync("Enter");
        await ann.ShapesAsync(5);
        await ann.PressAsync("a");
        await ann.OpenedAsync(name);
        await ann.SavedAsync();
        var said = await house.SaidAsync(dataset, name);
        Assert.Equal([40, 5, 61, 8, 55, 25], Assert.IsType<PolygonAnnotation>(said[0]).Points);
        Assert.Equal([70, 5, 90, 10], Assert.IsType<PolylineAnnotation>(said[1]).Points);
        Assert.Equal([110, 10, 1, 120, 12, 2, 130, 30, 2], Assert.IsType<KeypointsAnnotation>(said[2]).Points);
        var mask = Assert.IsType<MaskAnnotation>(said[3]).Mask;
        Assert.Equal(400, mask.Counts.Where((_, i) => i % 2 == 1).Sum());
        Assert.Equal([70, 60, 120, 60, 120, 75, 70, 75], Assert.IsType<TextAnnotation>(said[4]).Points);
        Assert.Empty(ann.Errors);
    }

    [Fact]
    public async Task What_the_server_would_refuse_is_not_sent_and_says_why()
    {
        var schema = new LabelSchema
        {
            Classes = [new LabelClass("block"), new LabelClass("disc")],
            Geometries = [Geometry.Class, Geometry.Box],
            MultiLabel = true,
            Attributes =
            [
                new LabelAttribute("dented", AttributeKind.Flag) { Required = true, Classes = ["block"] },
                new LabelAttribute("size", AttributeKind.Choice) { Options = ["small", "large"] },
                new LabelAttribute("weight", AttributeKind.Number), new LabelAttribute("brand", AttributeKind.Text),
            ],
        };
        var dataset = await house.AskShapesAsync(schema, 2);
        await using var ann = await house.DrawerAsync(dataset);
        var name = await ann.OpenedAsync();
        // Beyond the edge it ends at the edge.
        await ann.DragAsync((100, 50), (170, 90));
        await ann.ShapesAsync(1);
        await ann.PressAsync("Escape", "2", "a");
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("must have attribute 'dented'");
        Assert.Empty(await house.HistoriesAsync(dataset));
        // The shape that lacks it is selected, and asks for it.
        await ann.Page.GetByRole(AriaRole.Group, new() { Name = "dented" }).GetByText("no").ClickAsync();
        await ann.Page.GetByRole(AriaRole.Group, new() { Name = "size" }).GetByText("large").ClickAsync();
        await ann.Page.GetByLabel("weight").Last.FillAsync("2.5");
        await ann.Page.GetByLabel("brand").Last.FillAsync("Acme");
        await ann.PressAsync("Enter");
        await Assertions.Expect(ann.Page.Locator(".wants")).ToHaveCountAsync(0);
        await ann.PressAsync("Escape", "a");
        await ann.OpenedAsync(name);
        await ann.SavedAsync();
        var said = await house.SaidAsync(dataset, name);
        Assert.Equal("disc", Assert.IsType<ClassTag>(said[0]).Class);
        var box = Assert.IsType<BoxAnnotation>(said[1]);
        Assert.Equal(new Box(100, 50, 44, 40), box.Box);
        Assert.Equal((false, "large", 2.5, "Acme"), (box.Attributes!["dented"].Flag, box.Attributes["size"].Text,
            box.Attributes["weight"].Number, box.Attributes["brand"].Text));
        Assert.Empty(ann.Errors);
    }

    [Fact]
    public async Task What_else_is_asked_of_a_class_is_said_with_it()
    {
        var schema = new LabelSchema
        {
            Classes = [new LabelClass("block"), new LabelClass("disc")],
            MultiLabel = true,
            Attributes =
            [
                new LabelAttribute("size", AttributeKind.Choice) { Options = ["small", "large"], Required = true, Classes = ["block"] },
                new LabelAttribute("weight", AttributeKind.Number),
            ],
        };
        var dataset = await house.AskShapesAsync(schema, 2);
        await using var ann = await house.DrawerAsync(dataset);
        var name = await ann.AskedAsync();
        await ann.PressAsync("1", "Enter");
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("must have attribute 'size'");
        await ann.Page.GetByRole(AriaRole.Group, new() { Name = "size" }).GetByText("large").ClickAsync();
        await ann.Page.GetByLabel("weight").Last.FillAsync("2.5");
        await ann.PressAsync("Enter");
        await Assertions.Expect(ann.Picture).Not.ToHaveAttributeAsync("alt", name);
        await ann.SavedAsync();
        var said = Assert.IsType<ClassTag>(Assert.Single(await house.SaidAsync(dataset, name)));
        Assert.Equal(("large", 2.5), (said.Attributes!["size"].Text, said.Attributes["weight"].Number));
        Assert.Empty(ann.Errors);
    }

    private static async Task DrawAsync(StudioPerson person, string tool, params (int X, int Y)[] places)
    {
        await person.PressAsync(tool);
        foreach (var (x, y) in places)
        {
            await person.CrossToAsync(x, y);
            await person.PressAsync("Enter");
        }
    }

    private static bool Holds(RunLengthMask mask, int x, int y)
    {
        var left = x * mask.Height + y;
        for (var i = 0; i < mask.Counts.Count; i++)
            if ((left -= mask.Counts[i]) < 0) return i % 2 == 1;
        return false;
    }
}
