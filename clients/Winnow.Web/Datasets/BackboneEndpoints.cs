using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Datasets;

internal static class BackboneEndpoints
{
    private const string Tag = "backbones";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets/{dataset}/backbones", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
                await (await BookAsync(grains, dataset, ct)).ListBackbonesAsync(ct))
            .Requires(Permission.ReadDataset)
            .WithSummary("The backbone that serves a dataset, and those that are made and kept beside it.").WithTags(Tag);

        api.MapPost("/datasets/{dataset}/backbones", async (
                string dataset, AddBackbone command, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                await (await BookAsync(grains, dataset, ct)).AddBackboneAsync(command.Name, CallerIdentity.OperationOf(http), ct))
            .Requires(Permission.ManageBackbones)
            .Leaves(ActKind.BackboneAdded, (call, act) => act with { Of = call.Argument<AddBackbone>().Name })
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Make the embeddings of a further backbone in the background, beside those that serve. The dataset's status tells "
                + "how far that has come.").WithTags(Tag);

        api.MapPost("/datasets/{dataset}/backbones/compare", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
                await (await BookAsync(grains, dataset, ct)).CompareBackbonesAsync(ct))
            .Requires(Permission.ManageBackbones).Leaves(ActKind.BackbonesCompared)
            .WithSummary("What each backbone is worth on the labels that are there, and what it costs: cross-fitted accuracy, images a "
                + "second, bytes an image.").WithTags(Tag);

        api.MapPost("/datasets/{dataset}/backbones/{backbone}/switch", async (
                string dataset, string backbone, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                await (await BookAsync(grains, dataset, ct)).SwitchBackboneAsync(backbone, CallerIdentity.OperationOf(http), ct))
            .Requires(Permission.ManageBackbones)
            .Leaves(ActKind.BackboneSwitched, OfBackbone)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Turn to another backbone that is ready. The one before is kept with its model, and can be switched back to.")
            .WithTags(Tag);

        api.MapDelete("/datasets/{dataset}/backbones/{backbone}", async (
                string dataset, string backbone, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                await (await BookAsync(grains, dataset, ct)).DropBackboneAsync(backbone, CallerIdentity.OperationOf(http), ct)
                    ?? throw new NotFoundException($"Dataset '{dataset}' has no backbone {ShownText.Quote(backbone)}."))
            .Requires(Permission.ManageBackbones)
            .Leaves(ActKind.BackboneRemoved, OfBackbone)
            .Produces<BackboneInfo>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Drop a backbone that does not serve. What it made is removed in the background.").WithTags(Tag);
    }

    private static ActDraft OfBackbone(ActCall call, ActDraft act) => act with { Of = call.Of("backbone") };

    private static async Task<IDatasetBackbones> BookAsync(IGrainFactory grains, string dataset, CancellationToken cancellationToken)
    {
        await grains.DatasetAsync(dataset, cancellationToken);
        return grains.GetGrain<IDatasetBackbones>(dataset);
    }
}
