using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>Ends the start when an endpoint does not say who may call it, whoever mapped it.</summary>
internal sealed class EndpointRuleCheck : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        next(app);
        // By now everything is mapped, and nobody is listened to yet.
        var endpoints = app.ApplicationServices.GetRequiredService<EndpointDataSource>().Endpoints;
        if ((Check(endpoints) ?? ActRuleCheck.Check(endpoints)) is { } wrong)
            throw new InvalidOperationException(wrong);
    };

    /// <summary>The first endpoints that are wrong, as a sentence; null when all are sound.</summary>
    public static string? Check(IEnumerable<Endpoint> endpoints)
    {
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>())
        {
            var rules = endpoint.Metadata.GetOrderedMetadata<EndpointRule>();
            var name = endpoint.DisplayName ?? endpoint.RoutePattern.RawText;
            if (rules.Count != 1)
                return $"Endpoint '{name}' states {rules.Count} rules about its callers and must state one: add .Requires(Permission.…), "
                    + $".RequiresCaller() or .RequiresNothing(why) where it is mapped.";
            if (rules[0].Permission is { } permission && !PermissionSet.IsOfCluster(permission)
                && endpoint.RoutePattern.GetParameter(RouteDataset.Parameter) is null)
                return $"Endpoint '{name}' requires {permission}, which is held in a dataset, and its route has no "
                    + $"{{{RouteDataset.Parameter}}}.";
        }
        return null;
    }
}
