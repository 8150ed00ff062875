using Microsoft.Playwright;
using Winnow.Client;
using Winnow.Testing;

namespace Winnow.Browser.Tests;

/// <summary>From an empty server to an exported version, in the page alone, with files of a disk.</summary>
[Trait("needs", "chromium")]
public sealed class EmptyServerTests : IAsyncLifetime
{
    private const int Images = 44;
    private const int Asked = 10;

    private static readonly LocatorAssertionsToContainTextOptions Patient = new() { Timeout = 60_000 };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-browser-");
    private SiloProcess _silo = null!;
    private StudioBrowser _browser = null!;

    public async Task InitializeAsync()
    {
        _silo = await SiloProcess.StartAsync(new SiloProcessOptions());
        _browser = await StudioBrowser.StartAsync(_silo.Url);
    }

    public async Task DisposeAsync()
    {
        await _browser.DisposeAsync();
        await _silo.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_dataset_is_made_filled_labelled_and_exported_in_the_page_alone()
    {
        var pictures = await WritePicturesAsync();
        await using var ann = await _browser.OpenAsync();
        var page = ann.Page;
        await Assertions.Expect(page.GetByText("This server is empty")).ToBeVisibleAsync(new() { Timeout = 20_000 });

        // A folder of pictures, with a note that is none and one that is cut off.
        await page.Locator("#folder").SetInputFilesAsync(pictures);
        await Assertions.Expect(page.Locator(".drop h2")).ToContainTextAsync($"{Images + 3} files chosen", Patient);
        await Assertions.Expect(page.Locator("#name")).ToHaveValueAsync("garden-cam");
        foreach (var name in DrawnImages.Classes)
        {
            await page.Locator("#class").FillAsync(name);
            await page.Keyboard.PressAsync("Enter");
        }
        await Assertions.Expect(page.Locator(".chips .tag")).ToHaveCountAsync(DrawnImages.Classes.Length);
        await page.Locator("#create").ClickAsync();

        await Assertions.Expect(page.Locator("#done")).ToContainTextAsync($"{Images + 3} of {Images + 3} files", Patient);
        await Assertions.Expect(page.Locator("#not-taken")).ToContainTextAsync("notes.txt");
        await Assertions.Expect(page.Locator("#not-taken")).ToContainTextAsync("cut-off.png");
        await Assertions.Expect(page.Locator("#not-taken")).ToContainTextAsync("there already");
        await page.Locator("#batch").FillAsync($"{Asked}", new() { Timeout = 60_000 });
        await page.Locator("#start-round").ClickAsync();

        // The overview is told that tasks are there.
        await Assertions.Expect(page.Locator(".head")).ToContainTextAsync("Live", Patient);
        await page.GetByText("Go on labelling").ClickAsync(new() { Timeout = 60_000 });
        for (var i = 1; i <= Asked; i++) await ann.AnswerAsync();
        await ann.SavedAsync();

        await page.GotoAsync("d/garden-cam");
        await page.Locator("#note").FillAsync("the first");
        await page.Locator("#make-version").ClickAsync();
        await Assertions.Expect(page.Locator("#versions tbody tr")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
        var exported = await page.RunAndWaitForDownloadAsync(() => page.Locator("#versions a", new() { HasText = "csv" }).ClickAsync());
        var lines = await File.ReadAllLinesAsync(await exported.PathAsync());
        Assert.Equal("garden-cam-1.csv", exported.SuggestedFilename);
        Assert.True(lines.Length > Asked, $"{lines.Length} lines");
        Assert.Empty(ann.Errors);
        using var client = new WinnowClient(new WinnowClientOptions { Address = _silo.Url });
        // The one that is there twice is stored once; what is cut off is kept aside.
        Assert.Equal(Images + 1, (await client.GetStatusAsync("garden-cam")).Images);
        var version = Assert.Single(await client.ListVersionsAsync("garden-cam"));
        Assert.Equal((Asked, "the first"), (version.Labeled, version.Note));
    }

    [Fact, Trait("kind", "long")]
    public async Task An_import_that_was_cut_goes_on_and_the_same_again_stores_nothing_twice()
    {
        var pictures = await WritePicturesAsync();
        await using var ann = await _browser.OpenAsync("new");
        var page = ann.Page;
        await page.Locator("#name").FillAsync("again", new() { Timeout = 20_000 });
        await page.Locator("#class").FillAsync("disc,bars");
        await page.Locator("#class").BlurAsync();
        await page.Locator("#create").ClickAsync();
        await page.WaitForURLAsync("**/d/again/import");
        await page.RouteAsync("**/images", route => route.AbortAsync());
        await page.Locator("#folder").SetInputFilesAsync(pictures);
        await Assertions.Expect(page.GetByText("Stopped")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await page.UnrouteAsync("**/images");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Assertions.Expect(page.Locator("#done")).ToContainTextAsync($"{Images + 3} of {Images + 3} files", Patient);
        using var client = new WinnowClient(new WinnowClientOptions { Address = _silo.Url });
        Assert.Equal(Images + 1, (await client.GetStatusAsync("again")).Images);

        await page.ReloadAsync();
        await page.Locator("#folder").SetInputFilesAsync(pictures);
        await Assertions.Expect(page.Locator("#done")).ToContainTextAsync($"{Images + 3} of {Images + 3} files", Patient);
        await Assertions.Expect(page.Locator(".figures")).ToContainTextAsync("Taken in0");
        Assert.Equal(Images + 1, (await client.GetStatusAsync("again")).Images);
        Assert.Empty(ann.Faults);
    }

    /// <summary>A folder of pictures by class, one of them twice, with a note and a picture that is cut off.</summary>
    private async Task<string> WritePicturesAsync()
    {
        var root = _folder.CreateSubdirectory("garden-cam");
        await foreach (var image in DrawnImages.EnumerateAsync(Images))
        {
            var path = Path.Combine(root.FullName, image.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, (await image.Read(CancellationToken.None)).ToArray());
        }
        var first = Directory.EnumerateFiles(root.FullName, "*", SearchOption.AllDirectories).First();
        File.Copy(first, Path.Combine(root.FullName, "the-same.png"));
        await File.WriteAllTextAsync(Path.Combine(root.FullName, "notes.txt"), "no picture");
        await File.WriteAllBytesAsync(Path.Combine(root.FullName, "cut-off.png"), (await File.ReadAllBytesAsync(first))[..20]);
        return root.FullName;
    }
}
