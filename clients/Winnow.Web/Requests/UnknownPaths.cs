using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Web.Security;

namespace Winnow.Web.Requests;

/// <summary>What is said where no operation answers: that there is nothing, or that what there is takes another method.</summary>
internal static class UnknownPaths
{
    public static void Map(WebApplication app) => app.MapFallback("{*path}", context => AnswerAsync(context)).RequiresCaller();

    private static Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        var there = Matching(context.RequestServices.GetRequiredService<EndpointDataSource>(), request.Path).ToList();
        string[] taken = [.. there.SelectMany(MethodsOf).Distinct().Order(StringComparer.Ordinal)];
        if (taken.Length > 0 && !taken.Contains(request.Method))
        {
            context.Response.Headers.Allow = string.Join(", ", taken);
            return SayAsync(context, StatusCodes.Status405MethodNotAllowed,
                $"{request.Path} takes {string.Join(" and ", taken)}, not {request.Method}.");
        }
        // Passed over by the router for what they would be sent.
        if (there.Exists(e => MethodsOf(e).Contains(request.Method) && BadRequests.JsonBodyOf(e) is not null)
            && !request.HasJsonContentType())
            return SayAsync(context, StatusCodes.Status415UnsupportedMediaType,
                BadRequests.Describe(context, StatusCodes.Status415UnsupportedMediaType));
        // Also where a part of the path is not what it must be, such as a word for a number.
        return SayAsync(context, StatusCodes.Status404NotFound,
            $"There is nothing at {request.Path}. The API is described at /openapi/v1.json.");
    }

    private static Task SayAsync(HttpContext context, int status, string detail) =>
        Problems.Answer(detail, status).ExecuteAsync(context);

    private static IReadOnlyList<string> MethodsOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];

    private static IEnumerable<RouteEndpoint> Matching(EndpointDataSource endpoints, PathString path) =>
        endpoints.Endpoints.OfType<RouteEndpoint>()
            .Where(e => MethodsOf(e).Count > 0 && new TemplateMatcher(new RouteTemplate(e.RoutePattern), []).TryMatch(path, []));
}
