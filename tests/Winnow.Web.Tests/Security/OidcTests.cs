using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Security;
using Winnow.Testing;
using Winnow.Web.Security;

namespace Winnow.Web.Tests.Security;

/// <summary>Tokens of an identity provider: the good one, and every way in which one can be wrong.</summary>
[Trait("kind", "security")]
public sealed class OidcTests(OidcTests.Setup setup) : IClassFixture<OidcTests.Setup>
{
    private Task<Whoami> AskAsync(string token) => setup.Server.As(token).WhoamiAsync();

    private async Task RefusedAsync(string token) =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await Assert.ThrowsAsync<WinnowApiException>(() => AskAsync(token))).Status);

    private JsonObject With(string claim, JsonNode? value)
    {
        var claims = setup.Issuer.Claims("ann");
        if (value is null) claims.Remove(claim);
        else claims[claim] = value;
        return claims;
    }

    [Fact]
    public async Task A_person_is_known_by_the_token_and_has_the_roles_that_were_granted()
    {
        var ann = setup.Server.As(setup.Issuer.Sign(setup.Issuer.Claims("ann")));
        var asBob = setup.Server.As(setup.Issuer.Sign(setup.Issuer.Claims("ann")), actor: "bob");
        Assert.Equal((Principal.Parse("person:ann"), null), ((await ann.WhoamiAsync()).Principal!, (await ann.WhoamiAsync()).KeyId));
        Assert.Empty(await ann.ListDatasetsAsync());
        await setup.Server.GrantAsync("pets", "person:ann", Role.Owner);
        await setup.Server.Operator.VetAccessAsync("pets", new GrantName(Principal.Parse("person:ann"), Role.Owner));
        await foreach (var result in ann.ImportAsync("pets", DrawnImages.EnumerateAsync(1, labelled: true)))
            Assert.Equal("person:ann", (await ann.GetImageAsync("pets", result.Id!.Value)).History[0].Actor);
        // A token is its person, the owner's too: another name with it is refused.
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => asBob.GetDatasetAsync("pets"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("is lacking a key that names act-for-others", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_of_the_provider_stand_for_the_roles_that_the_configuration_gives_them()
    {
        Assert.Equal([new HeldRole("pets", Role.Annotator)],
            (await AskAsync(setup.Issuer.Sign(setup.Issuer.Claims("bob", "labellers", "unheard-of")))).Roles);
        var admin = await AskAsync(setup.Issuer.Sign(setup.Issuer.Claims("eve", "admins")));
        Assert.Contains(Permission.ManageKeys, admin.ClusterPermissions);
        Assert.Empty((await AskAsync(setup.Issuer.Sign(setup.Issuer.Claims("bob", "pets:owner", "*:owner")))).Roles);
    }

    [Fact]
    public async Task A_subject_cannot_pass_for_a_service()
    {
        Assert.Equal("person:service:operator",
            (await AskAsync(setup.Issuer.Sign(setup.Issuer.Claims("service:operator")))).Principal!.ToString());
        await RefusedAsync(setup.Issuer.Sign(setup.Issuer.Claims("ann for bob")));
        await RefusedAsync(setup.Issuer.Sign(setup.Issuer.Claims("")));
        await RefusedAsync(setup.Issuer.Sign(With("sub", null)));
    }

    [Fact]
    public async Task A_token_that_is_wrong_in_any_way_is_refused()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        await AskAsync(setup.Issuer.Sign(setup.Issuer.Claims("ann")));
        await RefusedAsync(setup.Issuer.Sign(With("exp", now - 120)));
        await RefusedAsync(setup.Issuer.Sign(With("exp", null)));
        await RefusedAsync(setup.Issuer.Sign(With("nbf", now + 300)));
        await RefusedAsync(setup.Issuer.Sign(With("aud", "another")));
        await RefusedAsync(setup.Issuer.Sign(With("aud", null)));
        await RefusedAsync(setup.Issuer.Sign(With("iss", "http://127.0.0.1:1")));
        await RefusedAsync(TestIssuer.Unsigned(setup.Issuer.Claims("ann")));
        await RefusedAsync(setup.Issuer.SignedWithPublicKey(setup.Issuer.Claims("ann")));
        using var stranger = RSA.Create(2048);
        await RefusedAsync(TestIssuer.Sign(setup.Issuer.Claims("ann"), stranger));
        var (ann, eve) = (setup.Issuer.Sign(setup.Issuer.Claims("ann")).Split('.'),
            setup.Issuer.Sign(setup.Issuer.Claims("eve", "admins")).Split('.'));
        await RefusedAsync($"{ann[0]}.{eve[1]}.{ann[2]}");
        await RefusedAsync($"{ann[0]}.{ann[1]}.");
    }

    [Theory]
    [InlineData("http://id.example.org", "winnow", "", "Api:Oidc:Authority")]
    [InlineData("", "winnow", "", "Api:Oidc:Authority")]
    [InlineData("https://id.example.org", "", "", "Api:Oidc:Audience")]
    [InlineData("https://id.example.org", "winnow", "pets:king", "Api:Oidc:Roles:g")]
    [InlineData("https://id.example.org", "winnow", "Pets:owner", "Api:Oidc:Roles:g")]
    [InlineData("https://id.example.org", "winnow", "pets:0", "Api:Oidc:Roles:g")]
    public void A_provider_that_cannot_be_trusted_is_refused_by_name(string authority, string audience, string role, string named)
    {
        var options = new OidcOptions { Authority = authority, Audience = audience };
        if (role.Length > 0) options.Roles["g"] = role;
        Assert.Contains(named, new ApiOptions { Oidc = options }.Check());
    }

    public sealed class Setup : IAsyncLifetime
    {
        internal LockedServer Server { get; } = new();
        internal TestIssuer Issuer { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Issuer = await TestIssuer.StartAsync();
            await Server.StartAsync("--Api:Oidc:Authority", Issuer.Address, "--Api:Oidc:Audience", "winnow", "--Api:Oidc:Roles:labellers",
                "pets:annotator", "--Api:Oidc:Roles:admins", "*:owner");
            await Server.Operator.CreateDatasetAsync(
                new CreateDataset("pets", new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
                    new DatasetSettings { Shards = 1, AuditSample = 0 }));
        }

        public async Task DisposeAsync()
        {
            await Server.DisposeAsync();
            await Issuer.DisposeAsync();
        }
    }
}
