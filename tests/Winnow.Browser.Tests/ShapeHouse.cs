using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Prelabels;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Browser.Tests;

/// <summary>Datasets of pictures in which all objects are known, and people who draw them.</summary>
internal static class ShapeHouse
{
    private const int Pictures = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static int _names;

    /// <summary>The schema of composed pictures in one geometry, or several.</summary>
    public static LabelSchema SchemaOf(params Geometry[] geometries) => new()
    {
        Classes = [.. ComposedPictures.Classes.Select(c => new LabelClass(c))],
        Geometries = geometries,
    };

    /// <summary>The picture that bears a name.</summary>
    public static ComposedPicture PictureOf(string name) =>
        ComposedPictures.Draw(int.Parse(Path.GetFileNameWithoutExtension(name), CultureInfo.InvariantCulture));

    /// <summary>A dataset of which so many images are asked about.</summary>
    /// <param name="house">The server.</param>
    /// <param name="schema">What is asked for.</param>
    /// <param name="tasks">How many images are asked about.</param>
    /// <param name="proposed">What a machine proposes of a picture; null: nothing.</param>
    /// <param name="policies">How the dataset goes on, where it is not as usual.</param>
    public static async Task<string> AskShapesAsync(this StudioHouse house, LabelSchema schema, int tasks,
        Func<ComposedPicture, IReadOnlyList<Annotation>>? proposed = null, ChangePolicies? policies = null)
    {
        var name = $"s{Interlocked.Increment(ref _names)}";
        await house.Operator.CreateDatasetAsync(
            new CreateDataset(name, schema, new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        await foreach (var _ in house.Operator.ImportAsync(name, EnumerateAsync()))
        {
        }
        await house.Operator.WaitForScoringAsync(name);
        if (policies is not null) await house.Operator.ChangePoliciesAsync(name, policies);
        if (proposed is not null)
        {
            var lot = new List<ImagePrelabel>();
            await foreach (var image in house.Operator.ListImagesAsync(name))
                lot.Add(new ImagePrelabel(image.Id, "finder", proposed(PictureOf(image.Name)), TimeProvider.System.GetUtcNow()));
            Assert.Empty((await house.Operator.AddPrelabelsAsync(name, lot)).Refused);
        }
        await house.Operator.StartRoundAsync(name, new StartRound(tasks));
        await Until.TrueAsync(async () => (await house.Operator.GetStatusAsync(name)).OpenTasks >= tasks, Patience, () => "the round asks");
        return name;
    }

    private static async IAsyncEnumerable<ImageToImport> EnumerateAsync()
    {
        for (var i = 0; i < Pictures; i++)
        {
            var bytes = ComposedPictures.Draw(i).Bytes;
            yield return new ImageToImport(string.Create(CultureInfo.InvariantCulture, $"{i:D3}.png"),
                _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes), null, Partition.Pool);
        }
        await Task.CompletedTask;
    }

    /// <summary>Somebody with a role in a dataset, at its label page, with a picture open before them.</summary>
    public static async Task<StudioPerson> DrawerAsync(this StudioHouse house, string dataset, string who = "ann",
        Role role = Role.Annotator,
        ColorScheme theme = ColorScheme.Light, int width = 1280, int height = 800)
    {
        var person = Principal.Parse($"service:{dataset}-{who}");
        await house.Operator.GrantAccessAsync(dataset, new GrantAccess(person, role));
        var key = await house.Operator.CreateKeyAsync(new CreateApiKey(person, "a page of the tests"));
        var ann = await house.Browser.OpenAsync($"d/{dataset}/label", theme, width, height);
        await ann.SignInAsync(key.Key);
        return ann;
    }

    /// <summary>Waits until a picture is open on the canvas, another one than before; its name.</summary>
    public static async Task<string> OpenedAsync(this StudioPerson person, string? before = null)
    {
        var canvas = person.Page.Locator(".canvas[data-image]");
        await Until.TrueAsync(async () => await canvas.IsVisibleAsync(), Patience,
            () => $"a picture is open; the page says: {string.Join(" | ", person.Errors)}");
        var name = "";
        await Until.TrueAsync(async () =>
        {
            name = (await canvas.GetAttributeAsync("aria-label") ?? "").Split(',')[0];
            return name != before && await person.Page.EvaluateAsync<bool>(
                "() => { const p = document.querySelector('.canvas img'); return p.src !== '' && p.complete && p.naturalWidth > 0; }");
        }, Patience, () => "another picture is open");
        return name;
    }

    /// <summary>Waits until the panel lists so many shapes.</summary>
    public static Task ShapesAsync(this StudioPerson person, int count) =>
        Assertions.Expect(person.Page.Locator(".canvas")).ToHaveAttributeAsync("aria-label",
            new Regex(string.Create(CultureInfo.InvariantCulture, $", {count:N0} shapes?\\.")));

    public static async Task PressAsync(this StudioPerson person, params string[] keys)
    {
        foreach (var key in keys) await person.Page.Keyboard.PressAsync(key);
    }

    /// <summary>Where a pixel of the picture is on the screen.</summary>
    public static async Task<(float X, float Y)> OnScreenAsync(this StudioPerson person, double x, double y)
    {
        var sheet = (await person.Page.Locator("img.sheet").BoundingBoxAsync())!;
        return ((float)(sheet.X + x * sheet.Width / ComposedPictures.Width),
            (float)(sheet.Y + y * sheet.Height / ComposedPictures.Height));
    }

    public static async Task ClickAsync(this StudioPerson person, double x, double y)
    {
        var (left, top) = await person.OnScreenAsync(x, y);
        await person.Page.Mouse.ClickAsync(left, top);
    }

    public static async Task DragAsync(this StudioPerson person, (double X, double Y) from, (double X, double Y) to)
    {
        var (a, b) = (await person.OnScreenAsync(from.X, from.Y), await person.OnScreenAsync(to.X, to.Y));
        await person.Page.Mouse.MoveAsync(a.X, a.Y);
        await person.Page.Mouse.DownAsync();
        await person.Page.Mouse.MoveAsync(b.X, b.Y, new MouseMoveOptions { Steps = 4 });
        await person.Page.Mouse.UpAsync();
    }

    /// <summary>Moves the cross to a pixel by keys: first into the corner, then by tens and ones.</summary>
    public static async Task CrossToAsync(this StudioPerson person, int x, int y)
    {
        for (var i = 0; i < 2; i++) await person.PressAsync("Control+ArrowLeft", "Control+ArrowUp");
        for (var i = 0; i < x / 10; i++) await person.PressAsync("Shift+ArrowRight");
        for (var i = 0; i < x % 10; i++) await person.PressAsync("ArrowRight");
        for (var i = 0; i < y / 10; i++) await person.PressAsync("Shift+ArrowDown");
        for (var i = 0; i < y % 10; i++) await person.PressAsync("ArrowDown");
    }

    /// <summary>What was said of an image last.</summary>
    public static async Task<IReadOnlyList<Annotation>> SaidAsync(this StudioHouse house, string dataset, string name)
    {
        IReadOnlyList<Annotation> said = [];
        await Until.TrueAsync(async () =>
        {
            if (!(await house.HistoriesAsync(dataset)).TryGetValue(name, out var history)) return false;
            said = history[^1].Decision.Annotations;
            return true;
        }, Patience, () => $"{name} is answered");
        return said;
    }
}
