using System.Net;
using Winnow.Client;
using Winnow.Model.Security;

namespace Winnow.Web.Tests.Security;

/// <summary>How people have the studio is kept for each, and nothing that is not sound.</summary>
public sealed class PreferencesTests
{
    private const string Key = "the-key-of-the-preferences-tests";

    [Fact]
    public async Task Each_has_their_own_and_they_outlive_the_server()
    {
        await using var server = await OwnServer.StartAsync(key: Key);
        var keys = new List<string>();
        foreach (var name in new[] { "ann", "ben" })
            keys.Add((await server.Client.CreateKeyAsync(new CreateApiKey(Principal.Parse($"person:{name}"), "a page"))).Key);
        using var ann = new WinnowClient(new WinnowClientOptions { Address = server.Address, Key = keys[0] });
        using var ben = new WinnowClient(new WinnowClientOptions { Address = server.Address, Key = keys[1] });
        Assert.Null((await ann.GetPreferencesAsync()).Theme);
        var wanted = new Preferences { Theme = "dark", Keys = [new OwnKey("label.accept", "q"), new OwnKey("similar.rest", "q")] };
        Assert.Equal("dark", (await ann.SetPreferencesAsync(wanted)).Theme);
        var kept = await ann.GetPreferencesAsync();
        Assert.Equal(("dark", 2, new OwnKey("label.accept", "q")), (kept.Theme, kept.Keys.Count, kept.Keys[0]));
        var others = await ben.GetPreferencesAsync();
        Assert.Equal((null, 0), (others.Theme, others.Keys.Count));
        // As the studio comes is nothing to keep.
        await ann.SetPreferencesAsync(new Preferences());
        Assert.Null((await ann.GetPreferencesAsync()).Theme);
    }

    [Theory]
    [InlineData("label.accept", "q", "label.reject", "q", "works label.accept already")]
    [InlineData("label.accept", "q", "label.accept", "w", "is there already")]
    [InlineData("accept", "q", "label.reject", "w", "is none: a page and an act")]
    [InlineData("label.accept", "", "label.reject", "w", "keys[0].key")]
    [InlineData("label.accept", "a b", "label.reject", "w", "keys[0].key")]
    public void What_is_not_sound_says_where(string act, string key, string other, string otherKey, string says) =>
        Assert.Contains(says, new Preferences { Keys = [new OwnKey(act, key), new OwnKey(other, otherKey)] }.Check());

    [Fact]
    public async Task What_is_not_sound_is_refused_and_changes_nothing()
    {
        await using var server = await OwnServer.StartAsync(key: Key);
        await server.Client.SetPreferencesAsync(new Preferences { Theme = "light" });
        var many = Enumerable.Range(0, Preferences.MostKeys + 1).Select(i => new OwnKey($"label.a{i}", $"k{i}"));
        foreach (var wrong in new[] { new Preferences { Theme = "blue" }, new Preferences { Keys = [.. many] } })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.SetPreferencesAsync(wrong));
            Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        }
        Assert.Equal("light", (await server.Client.GetPreferencesAsync()).Theme);
    }
}
