using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>What an endpoint states about its callers. Every endpoint has exactly one; the server does not start otherwise.</summary>
/// <param name="Permission">What the caller must hold, in the dataset of the route or in the cluster; null where <paramref name="Who"/>
/// says it all.</param>
/// <param name="Who">Who may call.</param>
/// <param name="Why">Why an endpoint is open.</param>
internal sealed record EndpointRule(Permission? Permission, EndpointCallers Who, string? Why = null)
{
    /// <summary>How the rule is written in the OpenAPI document.</summary>
    public string Name => Permission is { } permission ? NameOf(permission) : Who == EndpointCallers.Known ? "caller" : "none";

    public static string NameOf(Permission permission) =>
        System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(permission.ToString());
}

/// <summary>Who may call an endpoint.</summary>
internal enum EndpointCallers
{
    /// <summary>Whoever holds the permission.</summary>
    Permitted,

    /// <summary>Whoever is known; the answer holds no more than the caller may see.</summary>
    Known,

    /// <summary>Everybody.</summary>
    All,
}
