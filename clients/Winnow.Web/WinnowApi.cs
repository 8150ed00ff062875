using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Web.Acts;
using Winnow.Web.Datasets;
using Winnow.Web.Health;
using Winnow.Web.Images;
using Winnow.Web.Images.Buckets;
using Winnow.Web.MachineDecisions;
using Winnow.Web.Prelabels;
using Winnow.Web.Requests;
using Winnow.Web.Review;
using Winnow.Web.Security;
using Winnow.Web.Studio;
using Winnow.Web.Training;

namespace Winnow.Web;

/// <summary>The HTTP API: thin handlers over the grains, one file per domain.</summary>
public static class WinnowApi
{
    /// <summary>Registers what the API needs.</summary>
    public static IServiceCollection AddWinnowApi(this IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(options);
        services.AddProblemDetails();
        services.AddExceptionHandler<Problems>();
        services.AddSecurity(options);
        services.AddSingleton<StatusFeed>();
        services.AddOpenApi(document =>
        {
            document.AddSecurity(options);
            document.AddImageIds();
            document.AddValues();
        });
        services.ConfigureHttpJsonOptions(o => ApiJson.Configure(o.SerializerOptions));
        // Thrown, and not answered with an empty page, so that Problems can say what is wrong.
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        return services;
    }

    /// <summary>The health page alone, for a listener that only the cluster's own network reaches.</summary>
    public static void MapHealth(IEndpointRouteBuilder endpoints) => HealthEndpoints.Map(endpoints, inside: true);

    /// <summary>Puts the API into the pipeline and maps its routes.</summary>
    /// <param name="app">The server.</param>
    /// <param name="healthOnly">Whether only the health page is answered, as on silos that are not for callers from outside.</param>
    public static void MapWinnowApi(this WebApplication app, bool healthOnly = false)
    {
        app.UseExceptionHandler();
        // What the framework answers with a number alone gets its sentence too.
        app.UseStatusCodePages(c => Problems.SayAsync(c.HttpContext));
        if (app.Services.GetRequiredService<ApiOptions>().PathBase is { Length: > 0 } below)
        {
            // Routes are found in what stands behind the path, so the search for them comes after it.
            app.UsePathBase(below);
            app.UseRouting();
        }
        app.UseBodyTimeout();
        app.UseSecurity();
        app.UseRequestRules();
        HealthEndpoints.Map(app);
        if (healthOnly) return;
        app.MapOpenApi().RequiresCaller();
        var api = app.MapGroup("/api/v1").WithMetadata(new StrictParameters()).AddEndpointFilterFactory(BodyFilter.Make);
        DatasetEndpoints.Map(api);
        EventEndpoints.Map(api);
        BackboneEndpoints.Map(api);
        PolicyEndpoints.Map(api);
        SchemaEndpoints.Map(api);
        VersionEndpoints.Map(api);
        BackupEndpoints.Map(api);
        ImageEndpoints.Map(api);
        UploadEndpoints.Map(api);
        SourceEndpoints.Map(api);
        NotificationEndpoint.Map(api);
        ReviewEndpoints.Map(api);
        PrelabelEndpoints.Map(api);
        MachineDecisionEndpoints.Map(api);
        TrainingEndpoints.Map(api);
        KeyEndpoints.Map(api);
        AccessEndpoints.Map(api);
        WhoamiEndpoint.Map(api);
        PreferencesEndpoints.Map(api);
        SessionEndpoints.Map(api);
        SetAsideEndpoints.Map(api);
        ActEndpoints.Map(api);
        StudioEndpoints.Map(app);
        UnknownPaths.Map(app);
    }
}
