using Microsoft.Playwright;
using Winnow.Model.Images;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Browser.Tests;

/// <summary>What people do on the pages beside the label page, held against what the server has of it.</summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium")]
public sealed class PagesTests(StudioHouse house)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly LocatorAssertionsToContainTextOptions Patient = new() { Timeout = 30_000 };

    [Fact]
    public async Task A_key_of_ones_own_works_and_one_that_is_taken_is_refused()
    {
        var (dataset, key, person) = await house.AskAsync(4);
        await using var ann = await house.Browser.OpenAsync("settings");
        await ann.SignInAsync(key);
        var first = ann.Page.Locator("[data-act='label.class-1']");
        await first.ClickAsync();
        await Assertions.Expect(first).ToContainTextAsync("press a key");
        await ann.Page.Keyboard.PressAsync("x");
        await Assertions.Expect(ann.Page.Locator(".card-said")).ToContainTextAsync("X is the key of");
        for (var i = 0; i < 3; i++)
        {
            await ann.Page.Locator($"[data-act='label.class-{i + 1}']").ClickAsync();
            await Assertions.Expect(ann.Page.Locator(".wait")).ToBeVisibleAsync();
            await ann.Page.Keyboard.PressAsync($"{"qwe"[i]}");
            await Assertions.Expect(ann.Page.Locator(".card-said")).ToContainTextAsync("from now on");
        }
        await ann.Page.GetByText("Dark", new() { Exact = true }).ClickAsync();
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");

        // Another machine of the same person has them too.
        await using var other = await house.Browser.OpenAsync($"d/{dataset}/label");
        await other.SignInAsync(key);
        await Assertions.Expect(other.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark", new() { Timeout = 20_000 });
        for (var i = 1; i <= 4; i++)
        {
            var name = await other.AskedAsync();
            await other.Page.Keyboard.PressAsync("1");
            await Assertions.Expect(other.Picture).ToHaveAttributeAsync("alt", name);
            await other.Page.Keyboard.PressAsync($"{"qwe"[Array.IndexOf(DrawnImages.Classes, name.Split('/')[0])]}");
            if (i < 4) await Assertions.Expect(other.Picture).Not.ToHaveAttributeAsync("alt", name);
        }
        await other.SavedAsync();
        await house.EachOnceAsync(dataset, person, 4);
        Assert.Empty(ann.Errors.Concat(other.Errors));
    }

    [Fact, Trait("kind", "long")]
    public async Task Similar_images_are_answered_together_and_each_has_an_answer_of_its_own()
    {
        var dataset = await house.LearnedAsync(30);
        var before = await house.HistoriesAsync(dataset);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/similar");
        await ann.SignInAsync(StudioHouse.OperatorKey);
        var lots = 0;
        while (true)
        {
            await Assertions.Expect(ann.Page.Locator(".tile").Or(ann.Page.GetByText("Nothing waits for an answer")).First)
                .ToBeVisibleAsync(new() { Timeout = 20_000 });
            var tiles = await ann.Page.Locator(".tile").AllAsync();
            if (tiles.Count == 0) break;
            lots++;
            var asked = await ann.Page.Locator("h1").TextContentAsync();
            var names = await Task.WhenAll(tiles.Select(async t => await t.Locator("img").GetAttributeAsync("alt") ?? ""));
            for (var i = 0; i < names.Length; i++)
            {
                var shown = names[i].Split('/')[0];
                if (asked!.Contains(shown, StringComparison.Ordinal)) continue;
                await tiles[i].ClickAsync();
                await ann.Page.Keyboard.PressAsync(StudioPerson.KeyOf(names[i]));
                await Assertions.Expect(tiles[i]).ToContainTextAsync(shown);
            }
            await ann.Page.Keyboard.PressAsync("a");
            await Assertions.Expect(ann.Page.Locator($".tile img[alt='{names[0]}']")).ToHaveCountAsync(0);
        }
        await ann.SavedAsync();
        await Until.TrueAsync(
            async () => (await house.Operator.GetStatusAsync(dataset)).OpenTasks == 0, Patience, () => "all are answered");
        var said = (await house.HistoriesAsync(dataset)).Where(h => !before.ContainsKey(h.Key)).ToList();
        Assert.Equal(30, said.Count);
        Assert.All(said, h => Assert.Equal(h.Key.Split('/')[0], Assert.Single(Assert.Single(h.Value).Decision.Annotations).Class));
        Assert.InRange(lots, 2, 8);
        Assert.Empty(ann.Errors);
    }

    [Fact, Trait("kind", "long")]
    public async Task A_lot_that_was_said_is_taken_back_and_said_anew()
    {
        var dataset = await house.LearnedAsync(12);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/similar");
        await ann.SignInAsync(StudioHouse.OperatorKey);
        var first = ann.Page.Locator(".tile img").First;
        await Assertions.Expect(first).ToBeVisibleAsync(new() { Timeout = 20_000 });
        var name = await first.GetAttributeAsync("alt");
        await ann.Page.Keyboard.PressAsync("a");
        await ann.SavedAsync();
        await Until.TrueAsync(async () => (await house.HistoriesAsync(dataset)).ContainsKey(name!), Patience, () => $"{name} is answered");
        await ann.Page.Keyboard.PressAsync("Backspace");
        await Assertions.Expect(ann.Page.Locator(".tile img").First).ToHaveAttributeAsync("alt", name!);
        await ann.SavedAsync();
        await ann.Page.Keyboard.PressAsync("a");
        await ann.SavedAsync();
        await Until.TrueAsync(async () => (await house.HistoriesAsync(dataset))[name!].Count == 3, Patience, () => $"{name} is said anew");
        Assert.Equal([DecisionKind.Label, DecisionKind.TakeBack, DecisionKind.Label],
            (await house.HistoriesAsync(dataset))[name!].Select(h => h.Decision.Kind));
        Assert.Empty(ann.Errors);
    }

    [Fact]
    public async Task An_image_is_found_looked_at_and_corrected()
    {
        var (dataset, _, _) = await house.AskAsync(3);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/images");
        await ann.SignInAsync(StudioHouse.OperatorKey);
        await ann.Page.Locator(".tiles a").First.ClickAsync(new() { Timeout = 20_000 });
        await Assertions.Expect(ann.Picture).ToBeVisibleAsync();
        var name = await ann.Picture.GetAttributeAsync("alt");
        await ann.Page.Keyboard.PressAsync("f");
        await Assertions.Expect(ann.Picture).Not.ToHaveAttributeAsync("alt", name!);
        await ann.Page.Keyboard.PressAsync("d");
        await Assertions.Expect(ann.Picture).ToHaveAttributeAsync("alt", name!);
        await ann.Page.Keyboard.PressAsync("2");
        await Assertions.Expect(ann.Page.Locator("#stands")).ToHaveTextAsync(DrawnImages.Classes[1], new() { Timeout = 15_000 });
        await Assertions.Expect(ann.Page.Locator("#history")).ToContainTextAsync(DrawnImages.Classes[1]);
        await Assertions.Expect(ann.Page.Locator("#acts")).ToContainTextAsync("decision made", Patient);
        await ann.Page.Keyboard.PressAsync("g");
        await Assertions.Expect(ann.Page.Locator("h2:has-text('It is') + .tag")).ToHaveTextAsync("gold", new() { Timeout = 15_000 });
        var history = (await house.HistoriesAsync(dataset))[name!];
        Assert.Equal([DecisionKind.Label, DecisionKind.Gold], history.Select(h => h.Decision.Kind));
        Assert.Empty(ann.Errors);
    }

    [Fact, Trait("kind", "long")]
    public async Task What_somebody_said_is_verified_with_one_key_and_people_are_told_of()
    {
        var (dataset, annsKey, ann) = await house.AskAsync(3);
        await house.Operator.ChangePoliciesAsync(dataset, new ChangePolicies { VerifyShare = 1 });
        await using var annotator = await house.Browser.OpenAsync($"d/{dataset}/label");
        await annotator.SignInAsync(annsKey);
        for (var i = 1; i <= 3; i++) await annotator.AnswerAsync(last: i == 3);
        await annotator.SavedAsync();

        await using var verifier = await house.Browser.OpenAsync($"d/{dataset}/verify");
        await verifier.SignInAsync(StudioHouse.OperatorKey);
        for (var i = 1; i <= 3; i++)
        {
            var name = await verifier.AskedAsync();
            await Assertions.Expect(verifier.Page.Locator("h1")).ToContainTextAsync(name.Split('/')[0]);
            await verifier.Page.Keyboard.PressAsync("a");
            if (i < 3) await Assertions.Expect(verifier.Picture).Not.ToHaveAttributeAsync("alt", name);
        }
        await verifier.SavedAsync();
        await Until.TrueAsync(async () => (await house.Operator.GetStatusAsync(dataset)).Stages[Stage.Verified] == 3, Patience,
            () => "all are verified");
        await verifier.Page.GotoAsync($"d/{dataset}/people");
        var row = verifier.Page.Locator("#people tr", new() { HasText = ann });
        await Assertions.Expect(row).ToContainTextAsync("100 % of 3", Patient);
        await Assertions.Expect(row).ToContainTextAsync("annotator");
        Assert.Empty(verifier.Errors);
    }

    [Fact, Trait("kind", "long")]
    public async Task Where_the_stream_breaks_the_page_asks_and_says_so()
    {
        var (dataset, key, _) = await house.AskAsync(3);
        await using var ann = await house.Browser.OpenAsync();
        await ann.Page.RouteAsync("**/events", route => route.AbortAsync());
        await ann.SignInAsync(key);
        await Assertions.Expect(ann.Page.Locator(".head")).ToContainTextAsync("Asked every few seconds", Patient);
        await Assertions.Expect(ann.Page.GetByText("Go on labelling")).ToBeVisibleAsync();
        await ann.Page.UnrouteAsync("**/events");
        await Assertions.Expect(ann.Page.Locator(".head")).ToContainTextAsync("Live", Patient);
        var status = await house.Operator.GetStatusAsync(dataset);
        await house.Operator.CreateVersionAsync(dataset, new Model.Datasets.CreateVersion("seen at once"));
        await Assertions.Expect(ann.Page.Locator("#versions")).ToContainTextAsync("seen at once", Patient);
        Assert.Equal(0, status.VersionsMade);
        Assert.Empty(ann.Faults);
    }
}
