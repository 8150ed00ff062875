using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>Knows persons by the tokens of the configured identity provider.</summary>
internal static class OidcTokens
{
    public const string SchemeName = "token";

    /// <summary>Signatures that the provider alone can make. A shared secret is none, and neither is no signature.</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>Whether a bearer token is a token of a provider: three parts, of which the first is JSON in base64.</summary>
    public static bool Is(string sent) => sent.StartsWith("eyJ", StringComparison.Ordinal) && sent.Count(c => c == '.') == 2;

    public static void Configure(JwtBearerOptions jwt, OidcOptions options)
    {
        jwt.Authority = options.Authority;
        jwt.RequireHttpsMetadata = !options.OnLoopback;
        jwt.MapInboundClaims = false;
        jwt.SaveToken = false;
        // No proxy reaches what listens on this machine alone.
        if (options.OnLoopback) jwt.BackchannelHttpHandler = new SocketsHttpHandler { UseProxy = false };
        jwt.BackchannelTimeout = TimeSpan.FromSeconds(10);
        jwt.TokenValidationParameters = new TokenValidationParameters
        {
            ValidateIssuer = true,
            ValidateAudience = true,
            ValidAudience = options.Audience,
            ValidateLifetime = true,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            ValidAlgorithms = Algorithms,
            ClockSkew = options.ClockSkew,
        };
        jwt.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                var principal = new Principal(PrincipalKind.Person, context.Principal?.FindFirst(options.SubjectClaim)?.Value ?? "");
                if (!principal.IsValid)
                {
                    var wrong = $"The token's claim '{options.SubjectClaim}' does not name a person. {Principal.Rule}";
                    context.Fail(new CredentialException("subject", wrong));
                    return Task.CompletedTask;
                }
                var roles = context.Principal!.FindAll(options.RolesClaim)
                    .Select(c => options.Roles.TryGetValue(c.Value, out var role) ? OidcOptions.RoleOf(role) : null)
                    .OfType<HeldRole>();
                context.Principal = new CallerClaims(new Caller(principal, CallerTrust.Granted, TokenRoles: [.. roles]));
                return Task.CompletedTask;
            },
        };
    }
}
