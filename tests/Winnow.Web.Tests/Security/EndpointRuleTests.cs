using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Model.Acts;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Tests.Security;

/// <summary>An endpoint that does not say who may call it ends the start.</summary>
[Trait("kind", "security")]
public sealed class EndpointRuleTests
{
    private static string? Check(Action<WebApplication> map) => Check(map, EndpointRuleCheck.Check);

    private static string? Check(Action<WebApplication> map, Func<IEnumerable<Microsoft.AspNetCore.Http.Endpoint>, string?> check)
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        map(app);
        return check(((IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints));
    }

    [Fact]
    public void Each_endpoint_states_one_rule_that_its_route_can_keep()
    {
        Assert.Null(Check(app =>
        {
            app.MapGet("/d/{dataset}", () => "").Requires(Permission.ReadDataset);
            app.MapGet("/k", () => "").Requires(Permission.ManageKeys);
            app.MapGet("/w", () => "").RequiresCaller();
            app.MapGet("/h", () => "").RequiresNothing("A test.");
        }));
        Assert.Contains("/forgotten", Check(app => app.MapGet("/forgotten", () => "")));
        Assert.Contains("/twice", Check(app => app.MapGet("/twice", () => "").RequiresCaller().Requires(Permission.ManageKeys)));
        Assert.Contains("{dataset}", Check(app => app.MapGet("/nowhere", () => "").Requires(Permission.ReadDataset)));
    }

    [Fact]
    public void Each_endpoint_whose_calls_somebody_may_ask_about_states_its_acts()
    {
        static string? Acts(Action<WebApplication> map) => Check(map, ActRuleCheck.Check);
        Assert.Null(Acts(app =>
        {
            app.MapGet("/d/{dataset}", () => "").Requires(Permission.ReadDataset);
            app.MapPost("/k", () => "").Requires(Permission.ManageKeys).Leaves(ActKind.KeyMade);
            app.MapDelete("/h/{dataset}", () => "").Requires(Permission.ReadDataset).LeavesNothing("A test.");
            app.MapGet("/o/{dataset}", () => "").Requires(Permission.ReadOriginals).LeavesWithin(ActKind.OriginalRead);
        }));
        Assert.Contains("/forgotten", Acts(app => app.MapPost("/forgotten", () => "").RequiresCaller()));
        Assert.Contains("/forgotten", Acts(app => app.MapDelete("/forgotten", () => "").RequiresCaller()));
        Assert.Contains("/twice", Acts(app => app.MapPut("/twice", () => "").Leaves(ActKind.KeyMade).LeavesNothing("A test.")));
        foreach (var permission in new[] { Permission.ReadOriginals, Permission.ExportData })
            Assert.Contains("/out", Acts(app => app.MapGet("/out/{dataset}", () => "").Requires(permission)));
    }

    [Fact]
    public async Task A_server_with_an_endpoint_that_states_nothing_does_not_start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.IStartupFilter, EndpointRuleCheck>();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/forgotten", () => "");
        Assert.Contains("/forgotten", (await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync())).Message);
    }

    [Theory]
    [InlineData("person:ann@example.org", true)]
    [InlineData("service:feed", true)]
    [InlineData("person:", false)]
    [InlineData("ann", false)]
    [InlineData("service:a b", false)]
    [InlineData("service:ä", false)]
    [InlineData("robot:x", false)]
    public void A_principal_is_written_with_its_kind(string text, bool sound)
    {
        Assert.Equal(sound, Principal.TryParse(text, out var principal));
        if (sound) Assert.Equal(text, principal!.ToString());
    }

    [Fact]
    public void A_key_is_told_from_a_mistyped_one()
    {
        var (id, text) = KeyText.Make();
        Assert.True(KeyText.TryRead(text, out var read));
        Assert.Equal(id, read);
        Assert.NotEqual(text, KeyText.Make().Text);
        for (var i = 0; i < text.Length; i++)
            Assert.False(KeyText.TryRead(text[..i] + (text[i] == 'a' ? 'b' : 'a') + text[(i + 1)..], out _), $"a slip at {i} went unseen");
        Assert.False(KeyText.TryRead(text[..^1], out _));
        Assert.False(KeyText.TryRead(text + "0", out _));
    }
}
