using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>How an endpoint states who may call it. One of these stands on every endpoint.</summary>
public static class EndpointRules
{
    /// <summary>
    /// The caller must hold a permission: in the <c>{dataset}</c> of the route, or in the cluster where the permission is one of the
    /// cluster's.
    /// </summary>
    public static TBuilder Requires<TBuilder>(this TBuilder endpoint, Permission permission) where TBuilder : IEndpointConventionBuilder =>
        endpoint.With(new EndpointRule(permission, EndpointCallers.Permitted));

    /// <summary>Any known caller: the handler answers no more than that caller may see.</summary>
    public static TBuilder RequiresCaller<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.With(new EndpointRule(null, EndpointCallers.Known));

    /// <summary>Open to everybody, such as a probe, or a webhook that proves itself in another way.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="why">Why that is safe, for whoever reads the code next.</param>
    public static TBuilder RequiresNothing<TBuilder>(this TBuilder endpoint, string why) where TBuilder : IEndpointConventionBuilder =>
        endpoint.With(new EndpointRule(null, EndpointCallers.All, why)).WithMetadata(new AllowAnonymousAttribute());

    /// <summary>
    /// Open to everybody, and telling those more who are known: whoever shows a wrong key or session is counted and limited as anywhere.
    /// </summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="why">Why that is safe, for whoever reads the code next.</param>
    public static TBuilder RequiresNothingAndTells<TBuilder>(this TBuilder endpoint, string why)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.RequiresNothing(why).WithMetadata(new TellsCaller());

    private static TBuilder With<TBuilder>(this TBuilder endpoint, EndpointRule rule) where TBuilder : IEndpointConventionBuilder =>
        // A policy of its own: the fallback, which lets nobody in, holds for whatever has none.
        endpoint.WithMetadata(rule).WithMetadata(new AuthorizationPolicyBuilder().AddRequirements(new RuleRequirement(rule)).Build());
}

/// <summary>A rule as ASP.NET Core asks for it.</summary>
internal sealed record RuleRequirement(EndpointRule Rule) : IAuthorizationRequirement;
