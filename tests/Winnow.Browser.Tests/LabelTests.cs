using Microsoft.Playwright;
using Winnow.Model.Labels;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Browser.Tests;

/// <summary>What people answer in the page, held against the histories that the server has of it.</summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium")]
public sealed class LabelTests(StudioHouse house, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Thirty_images_are_labelled_by_keyboard_alone()
    {
        const int Images = 30;
        var (dataset, key, person) = await house.AskAsync(Images);
        await using var ann = await house.Browser.OpenAsync();
        await ann.SignInAsync(key);
        await Assertions.Expect(ann.Page.GetByText("Go on labelling")).ToBeVisibleAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        var times = new List<double>();
        for (var i = 1; i <= Images; i++) times.Add((await ann.AnswerAsync(last: i == Images)).TotalMilliseconds);
        await ann.SavedAsync();
        await house.EachOnceAsync(dataset, person, Images);
        Assert.Empty(ann.Errors);
        times.Sort();
        output.WriteLine($"key to next picture: median {times[Images / 2]:0} ms, p95 {times[(int)(Images * 0.95)]:0} ms");
    }

    [Fact, Trait("kind", "long")]
    public async Task What_is_answered_without_a_network_is_sent_when_it_is_back()
    {
        const int Images = 8;
        var (dataset, key, person) = await house.AskAsync(Images);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/label");
        await ann.SignInAsync(key);
        await ann.AnswerAsync();
        await ann.SavedAsync();
        await PicturesAsync(ann, Images - 2);
        await ann.Context.SetOfflineAsync(true);
        for (var i = 2; i <= Images; i++) await ann.AnswerAsync(last: i == Images);
        await ann.SaysAsync($"Not connected, {Images - 1} kept here");
        Assert.Single(await house.HistoriesAsync(dataset));
        await ann.Context.SetOfflineAsync(false);
        await ann.SavedAsync();
        await house.EachOnceAsync(dataset, person, Images);
        Assert.Empty(ann.Faults);
    }

    [Fact]
    public async Task What_a_killed_tab_had_not_sent_the_next_one_sends()
    {
        const int Images = 6;
        var (dataset, key, person) = await house.AskAsync(Images);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/label");
        await ann.SignInAsync(key);
        await ann.AskedAsync();
        await PicturesAsync(ann, Images - 1);
        // Answers are recorded, and no word of that comes back: what is sent again must not be recorded again.
        await ann.Page.RouteAsync("**/decisions", async route =>
        {
            if (route.Request.Method == "POST") await route.FetchAsync();
            await route.AbortAsync();
        });
        for (var i = 1; i <= Images; i++) await ann.AnswerAsync(last: i == Images);
        await ann.SaysAsync($"{Images} kept here");
        await ann.Page.CloseAsync();
        await ann.NewPageAsync("");
        await ann.SavedAsync();
        await house.EachOnceAsync(dataset, person, Images);
    }

    [Fact]
    public async Task A_session_that_ends_under_work_loses_nothing()
    {
        const int Images = 6;
        var (dataset, key, person) = await house.AskAsync(Images);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/label");
        await ann.SignInAsync(key);
        await ann.AnswerAsync();
        await ann.SavedAsync();
        await PicturesAsync(ann, Images - 2);
        await ann.Context.ClearCookiesAsync();
        await ann.AnswerAsync();
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Alertdialog)).ToContainTextAsync("1 answer is kept on this machine");
        Assert.Single(await house.HistoriesAsync(dataset));
        await ann.SignInAsync(key);
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Alertdialog)).ToHaveCountAsync(0);
        for (var i = 3; i <= Images; i++) await ann.AnswerAsync(last: i == Images);
        await ann.SavedAsync();
        await house.EachOnceAsync(dataset, person, Images);
        Assert.Empty(ann.Faults);
    }

    [Fact, Trait("kind", "long")]
    public async Task Of_two_tabs_one_sends_and_each_answer_counts_once()
    {
        const int Images = 24;
        var (dataset, key, person) = await house.AskAsync(Images);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/label");
        await ann.SignInAsync(key);
        await ann.AskedAsync();
        var first = ann.Page;
        await ann.NewPageAsync($"d/{dataset}/label");
        for (var i = 0; i < 8; i++) await ann.AnswerAsync();
        await ann.SavedAsync();
        // The first tab sent them; the second goes on alone when that is gone.
        await first.CloseAsync();
        for (var i = 9; i <= Images; i++) await ann.AnswerAsync(last: i == Images);
        await ann.SavedAsync();
        await house.EachOnceAsync(dataset, person, Images);
        Assert.Empty(ann.Errors);
    }

    [Fact, Trait("kind", "long")]
    public async Task An_answer_is_undone_before_and_after_it_was_sent()
    {
        const int Images = 4;
        var (dataset, key, _) = await house.AskAsync(Images);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/label");
        await ann.SignInAsync(key);
        var name = await ann.AskedAsync();
        await ann.Page.Keyboard.PressAsync("x");
        await Assertions.Expect(ann.Picture).Not.ToHaveAttributeAsync("alt", name);
        await ann.SavedAsync();
        await ann.Page.Keyboard.PressAsync("Backspace");
        Assert.Equal(name, await ann.AskedAsync());
        await ann.AnswerAsync();
        await ann.SavedAsync();
        await Until.TrueAsync(async () => (await house.HistoriesAsync(dataset)).GetValueOrDefault(name)?.Count == 3, Patience,
            () => $"{name} was answered, taken back and answered");
        var history = (await house.HistoriesAsync(dataset))[name];
        Assert.Equal([DecisionKind.Reject, DecisionKind.TakeBack, DecisionKind.Label], history.Select(h => h.Decision.Kind));

        await PicturesAsync(ann, 2);
        await ann.Context.SetOfflineAsync(true);
        var second = await ann.AskedAsync();
        await ann.Page.Keyboard.PressAsync("x");
        await ann.SaysAsync("1 kept here");
        await ann.Context.SetOfflineAsync(false);
        await ann.Page.Keyboard.PressAsync("Control+z");
        Assert.Equal(second, await ann.AskedAsync());
        await ann.AnswerAsync();
        await ann.SavedAsync();
        var standing = (await house.HistoriesAsync(dataset))[second];
        Assert.Equal(DecisionKind.Label, standing[^1].Decision.Kind);
        Assert.Equal(second.Split('/')[0], Assert.Single(standing[^1].Decision.Annotations).Class);
        Assert.Empty(ann.Faults);
    }

    [Fact, Trait("kind", "long")]
    public async Task Several_classes_are_said_at_once_and_found_by_typing()
    {
        var (dataset, key, _) = await house.AskAsync(3, several: true);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/label");
        await ann.SignInAsync(key);
        var name = await ann.AskedAsync();
        await ann.Page.Keyboard.PressAsync("1");
        await ann.Page.Keyboard.PressAsync("/");
        await ann.Page.Keyboard.TypeAsync("fra");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Page.GetByText("Done: 2")).ToBeVisibleAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ann.Picture).Not.ToHaveAttributeAsync("alt", name);
        await ann.SavedAsync();
        var said = Assert.Single((await house.HistoriesAsync(dataset))[name]);
        Assert.Equal([DrawnImages.Classes[0], "frame"], said.Decision.Annotations.Select(a => a.Class));
        Assert.Empty(ann.Errors);
    }

    [Fact, Trait("kind", "long")]
    public async Task What_a_machine_proposes_is_shown_and_accepted_with_one_key()
    {
        var (dataset, key, person) = await house.AskAsync(3);
        var proposals = new List<ImagePrelabel>();
        await foreach (var image in house.Operator.ListImagesAsync(dataset))
            proposals.Add(new ImagePrelabel(
                image.Id, "guesser", [new ClassTag(image.Name.Split('/')[0]) { Confidence = 0.8 }], TimeProvider.System.GetUtcNow()));
        Assert.Empty((await house.Operator.AddPrelabelsAsync(dataset, proposals)).Refused);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/label");
        await ann.SignInAsync(key);
        for (var i = 1; i <= 3; i++)
        {
            var name = await ann.AskedAsync();
            await Assertions.Expect(ann.Page.GetByText($"Accept {name.Split('/')[0]}")).ToBeVisibleAsync();
            await ann.Page.Keyboard.PressAsync("a");
            if (i < 3) await Assertions.Expect(ann.Picture).Not.ToHaveAttributeAsync("alt", name);
        }
        await ann.SavedAsync();
        await house.EachOnceAsync(dataset, person, 3);
        Assert.Empty(ann.Errors);
    }

    /// <summary>Waits until so many pictures of tasks ahead are in the page.</summary>
    private static Task PicturesAsync(StudioPerson person, int ahead) =>
        Assertions.Expect(person.Page.Locator(".strip.next li")).ToHaveCountAsync(ahead);
}
