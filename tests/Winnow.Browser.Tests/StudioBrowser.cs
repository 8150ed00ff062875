using Microsoft.Playwright;

namespace Winnow.Browser.Tests;

/// <summary>Debian's Chromium, started once. Each person has a context of their own, as if it were their machine.</summary>
internal sealed class StudioBrowser : IAsyncDisposable
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly Uri _address;

    private StudioBrowser(IPlaywright playwright, IBrowser browser, Uri address) =>
        (_playwright, _browser, _address) = (playwright, browser, address);

    public static async Task<StudioBrowser> StartAsync(Uri address)
    {
        // Machines that do other work too show a page late; what is to be quick is measured where it is said.
        Assertions.SetDefaultExpectTimeout(20_000);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = "/usr/bin/chromium", Args = Arguments });
        return new StudioBrowser(playwright, browser, address);
    }

    /// <summary>Somebody's machine with a page of the studio.</summary>
    public async Task<StudioPerson> OpenAsync(string path = "", ColorScheme theme = ColorScheme.Light, int width = 1280, int height = 800)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = _address.ToString(),
            ColorScheme = theme,
            ViewportSize = new ViewportSize { Width = width, Height = height },
        });
        var person = new StudioPerson(context);
        await person.NewPageAsync(path);
        return person;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
