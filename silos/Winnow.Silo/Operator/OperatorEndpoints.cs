using System.Net;
using Winnow.Abstractions.Health;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Health;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Silo.Operator;

/// <summary>
/// What an operator asks a silo: what it holds, whether it may be removed, and to hand over: at the operators' listener from this machine
/// alone, at the front door with the permission.
/// </summary>
internal static class OperatorEndpoints
{
    public static IServiceCollection AddOperator(this IServiceCollection services)
    {
        services.AddSingleton<DrainState>();
        services.AddSingleton<Grains.Ports.ISiloDeparture>(s => s.GetRequiredService<DrainState>());
        services.AddSingleton<Web.IServerEnd>(s => s.GetRequiredService<DrainState>());
        services.AddSingleton<SiloInventory>();
        services.AddSingleton<Drainer>();
        services.AddSingleton<ISiloHealth, SiloHealth>();
        return services;
    }

    /// <summary>Counts the requests under way. Stands before everything else.</summary>
    public static void UseRequestCount(this WebApplication app)
    {
        var state = app.Services.GetRequiredService<DrainState>();
        app.Lifetime.ApplicationStopping.Register(() => state.Begin());
        app.Use(async (context, next) =>
        {
            state.Entered();
            try
            {
                await next(context);
            }
            finally
            {
                state.Left();
            }
        });
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/operator/silo",
            async (SiloInventory inventory) => Results.Json(await inventory.DescribeAsync(), ModelJson.Default.SiloReport))
            .Requires(Permission.ReadCluster).WithSummary("What this silo holds, and whether it may be removed.").WithTags("operator")
                .Produces<SiloReport>();
        app.MapPost("/operator/drain", async (Drainer drainer, SiloInventory inventory) =>
            {
                await drainer.DrainAsync();
                return Results.Json(await inventory.DescribeAsync(), ModelJson.Default.SiloReport);
            })
            .Requires(Permission.OperateCluster).Leaves(ActKind.SiloDrained)
                .WithSummary("Hand over what this silo holds and leave the cluster; answers when that is done.").WithTags("operator")
                .Produces<SiloReport>();
    }

    /// <summary>Whether a request comes from this machine.</summary>
    public static bool IsLocal(HttpContext context) => context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
}
