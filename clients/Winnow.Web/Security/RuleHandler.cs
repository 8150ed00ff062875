using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>Holds a request against its endpoint's rule.</summary>
internal sealed class RuleHandler(AccessControl control) : AuthorizationHandler<RuleRequirement>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, RuleRequirement requirement)
    {
        if (context.Resource is not HttpContext http || http.User is not CallerClaims { Caller: var caller }) return;
        var name = requirement.Rule.Permission is { } p && !PermissionSet.IsOfCluster(p) ? RouteDataset.NameOf(http) ?? "" : null;
        var scope = name is null ? AccessScope.Cluster : RouteDataset.ScopeOf(name);
        var access = scope is null ? CallerAccess.None : await control.OfAsync(caller, scope, http.RequestAborted);
        if (requirement.Rule.Permission is { } permission && !access.Permissions.Contains(permission))
        {
            context.Fail(new RuleRefusal(this, permission, name is not null && !access.KnowsScope ? name : null));
            return;
        }
        var actor = CallerIdentity.ActorOf(caller, access, http, scoped: requirement.Rule.Permission is not null);
        http.Features.Set(new AdmittedCaller(caller, access, actor));
        context.Succeed(requirement);
    }
}

/// <summary>Why a known caller is not let in.</summary>
internal sealed class RuleRefusal(IAuthorizationHandler handler, Permission permission, string? hidden)
    : AuthorizationFailureReason(handler, $"needs {EndpointRule.NameOf(permission)}")
{
    public Permission Permission => permission;

    /// <summary>The dataset that the caller may not even know of; null where it may.</summary>
    public string? Hidden => hidden;
}
