using Microsoft.Playwright;

namespace Winnow.Browser.Tests;

[Collection(StudioHouse.Name), Trait("needs", "chromium")]
public sealed class SignInTests(StudioHouse house)
{
    [Fact]
    public async Task A_key_opens_the_studio_and_signing_out_closes_it()
    {
        var (dataset, key, _) = await house.AskAsync(3);
        await using var ann = await house.Browser.OpenAsync();
        await ann.SignInAsync("wnk_mistyped");
        await Assertions.Expect(ann.Page.GetByText("its checksum does not match")).ToBeVisibleAsync();
        // A browser tells its console of each refusal.
        Assert.Single(ann.Errors);
        Assert.Empty(ann.Faults);

        await ann.SignInAsync(key);
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = dataset, Level = 1 })).ToBeVisibleAsync();
        var cookie = Assert.Single(await ann.Context.CookiesAsync());
        Assert.Equal((true, SameSiteAttribute.Strict, "/"), (cookie.HttpOnly, cookie.SameSite, cookie.Path));
        Assert.DoesNotContain(key, cookie.Value);

        await ann.Page.ReloadAsync();
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = dataset, Level = 1 })).ToBeVisibleAsync();
        await ann.Page.GetByTitle("Sign out").ClickAsync();
        await Assertions.Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        Assert.Empty(await ann.Context.CookiesAsync());
        Assert.Single(ann.Errors);
    }
}
