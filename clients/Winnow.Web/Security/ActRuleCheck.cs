using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>Whether every endpoint whose calls somebody may ask about later says which acts it leaves.</summary>
internal static class ActRuleCheck
{
    /// <summary>The first endpoint that is wrong, as a sentence; null when all are sound.</summary>
    public static string? Check(IEnumerable<Endpoint> endpoints)
    {
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>())
        {
            var rules = endpoint.Metadata.GetOrderedMetadata<ActRule>();
            if (rules.Count == 1 || (rules.Count == 0 && !IsAsked(endpoint))) continue;
            return $"Endpoint '{endpoint.DisplayName ?? endpoint.RoutePattern.RawText}' states {rules.Count} rules about the acts that it "
                + "leaves and must state one: add .Leaves(ActKind.…), .LeavesSoon(…), .LeavesWithin(…) or .LeavesNothing(why) where it is "
                + "mapped.";
        }
        return null;
    }

    /// <summary>Whether calls change something, or give out what was said by people or the original bytes of images.</summary>
    public static bool IsAsked(RouteEndpoint endpoint)
    {
        var methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods;
        // Without a method it is the page that answers unknown paths.
        if (methods is null) return false;
        return methods.Any(m => !HttpMethods.IsGet(m) && !HttpMethods.IsHead(m))
            || endpoint.Metadata.GetMetadata<EndpointRule>()?.Permission is Permission.ReadOriginals or Permission.ExportData;
    }
}
