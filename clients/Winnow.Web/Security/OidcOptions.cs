using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>An identity provider whose tokens are accepted (OpenID Connect). Callers become <c>person:SUBJECT</c>.</summary>
public sealed class OidcOptions
{
    /// <summary>
    /// The provider's address, as its tokens name it; <c>/.well-known/openid-configuration</c> lies below. https, or http on loopback.
    /// Required.
    /// </summary>
    public string Authority { get; set; } = "";

    /// <summary>Whom tokens must be meant for. Required.</summary>
    public string Audience { get; set; } = "";

    /// <summary>
    /// The claim that names the person; it must never be given to somebody else. 1 to 100 characters. Default <c>sub</c>.
    /// </summary>
    public string SubjectClaim { get; set; } = "sub";

    /// <summary>The claim that lists the person's groups or roles. 1 to 100 characters. Default <c>roles</c>.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>
    /// What a value of <see cref="RolesClaim"/> stands for: <c>SCOPE:ROLE</c>, such as <c>pets:annotator</c> or <c>*:owner</c>. Default
    /// none: roles are granted here alone.
    /// </summary>
    public Dictionary<string, string> Roles { get; set; } = [];

    /// <summary>How far clocks may differ. 0 to 5 min. Default 30 s.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    internal bool OnLoopback => ApiSafety.IsLoopback(Authority);

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (!Uri.TryCreate(Authority, UriKind.Absolute, out var authority))
            return $"Api:Oidc:Authority must be the provider's address, not '{Authority}'.";
        if (authority.Scheme != Uri.UriSchemeHttps && !(authority.Scheme == Uri.UriSchemeHttp && OnLoopback))
            return $"Api:Oidc:Authority must be an https address, not '{Authority}': its keys decide who is let in.";
        if (string.IsNullOrWhiteSpace(Audience))
            return "Api:Oidc:Audience must name whom tokens are meant for; without it any token of the provider would open this server.";
        if (SubjectClaim.Length is 0 or > 100) return "Api:Oidc:SubjectClaim must have 1 to 100 characters.";
        if (RolesClaim.Length is 0 or > 100) return "Api:Oidc:RolesClaim must have 1 to 100 characters.";
        if (ClockSkew < TimeSpan.Zero || ClockSkew > TimeSpan.FromMinutes(5))
            return $"Api:Oidc:ClockSkew must be 0 to 5 minutes, not {ClockSkew}.";
        foreach (var (claim, role) in Roles)
            if (RoleOf(role) is null) return $"Api:Oidc:Roles:{claim} must be SCOPE:ROLE, such as pets:annotator or *:owner, not '{role}'.";
        return null;
    }

    internal static HeldRole? RoleOf(string text) =>
        text.Split(':') is [var scope, var role] && AccessScope.IsValid(scope)
        && Enum.GetNames<Role>().Contains(role, StringComparer.OrdinalIgnoreCase)
            ? new HeldRole(scope, Enum.Parse<Role>(role, ignoreCase: true))
            : null;
}
