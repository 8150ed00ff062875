using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Winnow.Web.Security;

/// <summary>
/// Endpoints that are open to everybody. Those whose answer depends on who asks say so (<see cref="TellsCaller"/>), and a wrong key or
/// cookie counts there as anywhere; all others are not told who asks, so none of them can be a place where keys are tried.
/// </summary>
internal static class OpenDoors
{
    public static void UseOpenDoors(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<EndpointRule>() is { Who: EndpointCallers.All })
        {
            if (endpoint.Metadata.GetMetadata<TellsCaller>() is null) context.User = new ClaimsPrincipal(new ClaimsIdentity());
            // The answer of a moment ago, which the handler has kept.
            else if ((await context.AuthenticateAsync()).Failure is { } failure
                && await context.RequestServices.GetRequiredService<WrongCredentials>().RefusesAsync(context, failure)) return;
        }
        await next(context);
    });
}

/// <summary>Marks an endpoint that is open to everybody and tells those more who are known.</summary>
internal sealed record TellsCaller;
