using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Winnow.Web.Tests.Security;

/// <summary>An identity provider on loopback: discovery, keys, and tokens signed or spoilt as a test asks.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private const string KeyId = "k1";

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly WebApplication _app;

    private TestIssuer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
    }

    public string Address { get; private set; } = "";

    public static async Task<TestIssuer> StartAsync()
    {
        var issuer = new TestIssuer();
        var key = issuer._rsa.ExportParameters(false);
        issuer._app.MapGet("/.well-known/openid-configuration",
            () => $$"""{"issuer":"{{issuer.Address}}","jwks_uri":"{{issuer.Address}}/jwks"}""");
        issuer._app.MapGet("/jwks",
            () => $$"""{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"{{KeyId}}","n":"{{Base64Url(key.Modulus!)}}","e":"{{Base64Url(key.Exponent!)}}"}]}""");
        await issuer._app.StartAsync();
        issuer.Address = issuer._app.Urls.First();
        return issuer;
    }

    /// <summary>The claims of a token that is in order.</summary>
    public JsonObject Claims(string subject, params string[] roles)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return new JsonObject
        {
            ["iss"] = Address,
            ["aud"] = "winnow",
            ["sub"] = subject,
            ["iat"] = now,
            ["nbf"] = now - 10,
            ["exp"] = now + 600,
            ["roles"] = new JsonArray([.. roles.Select(r => JsonValue.Create(r))]),
        };
    }

    public string Sign(JsonObject claims) => Sign(claims, _rsa);

    public static string Sign(JsonObject claims, RSA rsa)
    {
        var signed = Head("RS256") + "." + Base64Url(Encoding.UTF8.GetBytes(claims.ToJsonString()));
        return signed + "." + Base64Url(rsa.SignData(Encoding.UTF8.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public static string Unsigned(JsonObject claims) => Head("none") + "." + Base64Url(Encoding.UTF8.GetBytes(claims.ToJsonString())) + ".";

    /// <summary>Signed with the public key as a shared secret: accepted by servers that let a token choose its algorithm.</summary>
    public string SignedWithPublicKey(JsonObject claims)
    {
        var signed = Head("HS256") + "." + Base64Url(Encoding.UTF8.GetBytes(claims.ToJsonString()));
        return signed + "." + Base64Url(
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), Encoding.UTF8.GetBytes(signed)));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _rsa.Dispose();
    }

    private static string Head(string algorithm) =>
        Base64Url(JsonSerializer.SerializeToUtf8Bytes(new { alg = algorithm, typ = "JWT", kid = KeyId }));

    private static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
