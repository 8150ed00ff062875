using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Security;

namespace Winnow.Web.Security;

/// <summary>
/// Who is asking, and whether they may: authentication, limits and authorisation, in the order in which a request meets them.
/// </summary>
internal static class SecurityRegistration
{
    private const string AnyScheme = "bearer";

    public static void AddSecurity(this IServiceCollection services, ApiOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<DoorKey>();
        services.AddSingleton<KeyChecks>();
        services.AddSingleton<AccessControl>();
        services.AddSingleton(new RequestLimiter(options.Limits));
        services.AddSingleton<WrongCredentials>();
        services.AddSingleton(new BodyMemory(options.Limits));
        services.AddSingleton<IAuthorizationHandler, RuleHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, RefusalHandler>();
        services.AddTransient<IStartupFilter, EndpointRuleCheck>();
        // ASP.NET tells of each wrong key, twice a request; RefusalHandler tells of the first and counts the rest.
        services.AddLogging(logging => logging.AddFilter(typeof(KeyHandler).FullName, LogLevel.Warning));
        var authentication = services.AddAuthentication(AnyScheme)
            .AddPolicyScheme(AnyScheme, null, o => o.ForwardDefaultSelector = http => SchemeOf(http, options))
            .AddScheme<AuthenticationSchemeOptions, KeyHandler>(KeyHandler.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, SessionHandler>(SessionHandler.SchemeName, null);
        if (options.Oidc is { } oidc) authentication.AddJwtBearer(OidcTokens.SchemeName, jwt => OidcTokens.Configure(jwt, oidc));
        // Default deny: what states no rule is open to nobody.
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build());
        services.AddOptions<RateLimiterOptions>().Configure<RequestLimiter>((o, limiter) =>
        {
            o.GlobalLimiter = limiter.Requests;
            o.OnRejected = (context, _) =>
                new ValueTask(RequestLimiter.RejectAsync(context.HttpContext, RequestLimiter.WaitOf(context.Lease),
                    "You send requests faster than this server takes them from one caller."));
        });
        services.AddRateLimiter(_ => { });
    }

    /// <summary>A key or token comes before a cookie, which a browser sends by itself; without keys no session counts.</summary>
    private static string SchemeOf(HttpContext http, ApiOptions options)
    {
        if (options.Oidc is not null && OidcTokens.Is(KeyHandler.SentBy(http))) return OidcTokens.SchemeName;
        var door = http.RequestServices.GetRequiredService<DoorKey>();
        return !door.Keyless && SessionHandler.IsSent(http) ? SessionHandler.SchemeName : KeyHandler.SchemeName;
    }

    public static void UseSecurity(this WebApplication app)
    {
        app.UseTrustedProxies(app.Services.GetRequiredService<ApiOptions>());
        app.UseMiddleware<FrontDoor>();
        app.UseAuthentication();
        app.UseCsrfGuard();
        app.UseOpenDoors();
        app.UseRateLimiter();
        app.UseAuthorization();
        // Once it is known who asks and that they may: nobody else's body is read at all.
        var bodies = app.Services.GetRequiredService<BodyMemory>();
        app.Use(next => context => bodies.InvokeAsync(context, next));
        app.Use((context, next) =>
        {
            // Set here and not where it is found: what is set in an awaited call does not come back out of it.
            if (context.Features.Get<AdmittedCaller>() is { } admitted)
                (CallerContext.Actor, CallerContext.Address) = (admitted.Actor, CallerIdentity.AddressOf(context));
            return next(context);
        });
    }
}
