using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;
using Winnow.Testing;

namespace Winnow.Browser.Tests;

/// <summary>
/// Somebody at a browser of their own. What its console calls an error is kept: where nothing was cut or ended on purpose, there is none.
/// </summary>
internal sealed class StudioPerson(IBrowserContext context) : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _errors = [];

    public IPage Page { get; private set; } = null!;

    public IBrowserContext Context => context;

    public ILocator Picture => Page.Locator("img.picture");

    /// <summary>What went wrong in the page: errors, and what its policy forbade.</summary>
    public IEnumerable<string> Errors => _errors;

    /// <summary>The same without requests that were not answered, which is what a cut network looks like.</summary>
    public IEnumerable<string> Faults => _errors.Where(e => !e.Contains("Failed to load resource", StringComparison.Ordinal));

    public async Task NewPageAsync(string path)
    {
        Page = await context.NewPageAsync();
        Page.Console += (_, said) =>
        {
            if (said.Type is "error") _errors.Enqueue($"{said.Text} ({said.Location})");
        };
        Page.PageError += (_, error) => _errors.Enqueue(error);
        await Page.GotoAsync(path);
    }

    public async Task SignInAsync(string key)
    {
        await Page.GetByLabel("Key", new PageGetByLabelOptions { Exact = true }).FillAsync(key);
        await Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Name of the picture that is asked about, once it is there.</summary>
    public async Task<string> AskedAsync()
    {
        await Assertions.Expect(Picture).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 20_000 });
        return await Picture.GetAttributeAsync("alt") ?? "";
    }

    /// <summary>Answers what is asked by its key, and waits for the next picture; how long that took. The last has none.</summary>
    public async Task<TimeSpan> AnswerAsync(bool last = false)
    {
        var name = await AskedAsync();
        var started = TimeProvider.System.GetTimestamp();
        await Page.Keyboard.PressAsync(KeyOf(name));
        if (last) await Assertions.Expect(Picture).ToHaveCountAsync(0);
        else await Page.WaitForFunctionAsync(
            "name => { const p = document.querySelector('img.picture'); return p && p.alt !== name && p.complete; }", name);
        return TimeProvider.System.GetElapsedTime(started);
    }

    /// <summary>Waits until the page says that nothing is on its way.</summary>
    public Task SavedAsync() => SaysAsync("All is saved");

    public async Task SaysAsync(string words) =>
        await Assertions.Expect(Page.Locator(".outbox-act")).ToContainTextAsync(words,
            new LocatorAssertionsToContainTextOptions { Timeout = 30_000 });

    public async ValueTask DisposeAsync() => await context.DisposeAsync();

    /// <summary>The digit of the class that a drawn picture's folder names.</summary>
    public static string KeyOf(string name) =>
        (Array.IndexOf(DrawnImages.Classes, name.Split('/')[0]) + 1).ToString(CultureInfo.InvariantCulture);
}
