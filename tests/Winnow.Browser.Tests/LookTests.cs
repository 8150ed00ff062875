using System.Globalization;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Winnow.Browser.Tests;

/// <summary>
/// Each page in both themes, wide and narrow: read by a tool that looks for what keeps people out, and kept as a picture for people to look
/// at (<c>WINNOW_SCREENSHOTS</c>, a folder).
/// </summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium")]
public sealed class LookTests(StudioHouse house)
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("WINNOW_SCREENSHOTS");

    [Fact]
    public Task No_page_keeps_anybody_out() => LookAtAllAsync(ColorScheme.Light, 1280, 800);

    [Theory, Trait("kind", "long")]
    [InlineData(ColorScheme.Dark, 1280, 800)]
    [InlineData(ColorScheme.Light, 390, 844)]
    [InlineData(ColorScheme.Dark, 390, 844)]
    [InlineData(ColorScheme.Light, 640, 400)]
    [InlineData(ColorScheme.Dark, 1920, 1080)]
    public Task Nor_in_the_dark_or_on_a_phone(ColorScheme theme, int width, int height) => LookAtAllAsync(theme, width, height);

    private async Task LookAtAllAsync(ColorScheme theme, int width, int height)
    {
        var (dataset, key, _) = await house.AskAsync(14);
        await using var ann = await house.Browser.OpenAsync("", theme, width, height);
        var wrong = new List<string>();
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await LookAsync("sign-in");
        await ann.SignInAsync(key);
        await Assertions.Expect(ann.Page.GetByText("Go on labelling")).ToBeVisibleAsync();
        await LookAsync("overview");
        await ann.Page.GotoAsync($"d/{dataset}/label");
        await ann.AskedAsync();
        await ann.AnswerAsync();
        await ann.AnswerAsync();
        await LookAsync("label");
        await ann.Page.Keyboard.PressAsync("F1");
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await LookAsync("keys");
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.SavedAsync();
        await ann.Page.Locator(".outbox-act").ClickAsync();
        await LookAsync("outbox");
        Assert.Empty(ann.Errors);
        await ann.Context.ClearCookiesAsync();
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Alertdialog)).ToBeVisibleAsync(new() { Timeout = 15_000 });
        await LookAsync("session-ended");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(ann.Faults);

        Task LookAsync(string page) => LookAtAsync(ann, page, theme, width, wrong);
    }

    [Theory, Trait("kind", "long")]
    [InlineData(ColorScheme.Light, 1280, 800)]
    [InlineData(ColorScheme.Dark, 1280, 800)]
    [InlineData(ColorScheme.Light, 390, 844)]
    [InlineData(ColorScheme.Dark, 390, 844)]
    [InlineData(ColorScheme.Light, 640, 400)]
    [InlineData(ColorScheme.Light, 1920, 1080)]
    [InlineData(ColorScheme.Dark, 1920, 1080)]
    public Task No_page_beside_the_labels_keeps_anybody_out(ColorScheme theme, int width, int height) =>
        LookAtPagesAsync(theme, width, height);

    private async Task LookAtPagesAsync(ColorScheme theme, int width, int height)
    {
        var dataset = await house.LookedAtAsync();
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}", theme, width, height);
        await ann.SignInAsync(StudioHouse.OperatorKey);
        var wrong = new List<string>();
        await LookAsync("overview-learned", "", "#versions tbody tr");
        await LookAsync("images", "/images", ".tiles img");
        await ann.Page.Locator(".tiles a").First.ClickAsync();
        await Assertions.Expect(ann.Page.Locator("#stands")).ToBeVisibleAsync();
        await LookAtAsync(ann, "image", theme, width, wrong);
        await LookAsync("import", "/import", ".drop");
        await LookAsync("similar", "/similar", ".tile");
        await ann.Page.Keyboard.PressAsync("ArrowRight");
        await ann.Page.Keyboard.PressAsync("x");
        await LookAtAsync(ann, "similar-marked", theme, width, wrong);
        await LookAsync("verify", "/verify", ".empty h2");
        await LookAsync("people", "/people", "#people");
        await ann.Page.GotoAsync("settings");
        await Assertions.Expect(ann.Page.Locator(".map").First).ToBeVisibleAsync();
        await LookAtAsync(ann, "settings", theme, width, wrong);
        await ann.Page.GotoAsync("new");
        await ann.Page.Locator("#class").FillAsync("cat,dog,fox,");
        await LookAtAsync(ann, "new", theme, width, wrong);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(ann.Errors);

        async Task LookAsync(string page, string path, string there)
        {
            await ann.Page.GotoAsync($"d/{dataset}{path}");
            await Assertions.Expect(ann.Page.Locator(there).First).ToBeVisibleAsync(new() { Timeout = 30_000 });
            await LookAtAsync(ann, page, theme, width, wrong);
        }
    }

    private static async Task LookAtAsync(StudioPerson ann, string page, ColorScheme theme, int width, List<string> wrong)
    {
        if (Pictures is not null)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{page}-{theme}-{width}.png").ToLowerInvariant();
            await ann.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, name) });
        }
        var wide = await ann.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
        if (wide > width) wrong.Add($"{page}: is {wide} pixels wide");
        var found = await ann.Page.RunAxe(new AxeRunOptions());
        wrong.AddRange(found.Violations.Where(v => v.Impact is "serious" or "critical")
            .Select(v => $"{page}: {v.Id}, {v.Help}: {string.Join(" | ", v.Nodes.Select(n => n.Html))}"));
    }
}
