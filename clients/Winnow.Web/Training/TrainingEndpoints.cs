using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Acts;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Web.Requests;
using Winnow.Web.Security;

namespace Winnow.Web.Training;

internal static class TrainingEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets/{dataset}/rounds",
            async (string dataset, StartRound command, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset).StartRoundAsync(command, CallerIdentity.OperationOf(http), ct);
            })
            .Requires(Permission.StartRounds)
            .Leaves(ActKind.RoundStarted, (call, act) => act with { Of = NameOf(call.Answer<RoundInfo>()) })
            .Produces<RoundInfo>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Start the next round of an arm: select, review, train, calibrate, evaluate, promote, rescore.")
            .WithTags("training");

        api.MapGet("/datasets/{dataset}/rounds", async (
                string dataset, string? after, int? limit, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                var all = await grains.GetGrain<IDatasetGrain>(dataset).GetRoundsAsync(ct);
                return Pages.Cut(http, all, after, limit, r => string.Create(CultureInfo.InvariantCulture, $"{r.Arm}/{r.Number}"))
                    .ToArray();
            })
            .Requires(Permission.ReadDataset)
            .WithSummary($"Rounds, oldest first, at most 1,000. {Pages.Next}, where it comes, is 'after' of the next page.")
            .WithTags("training");

        api.MapGet("/datasets/{dataset}/rounds/{arm}/{number:int}",
            async (string dataset, string arm, int number, IGrainFactory grains, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                var rounds = await grains.GetGrain<IDatasetGrain>(dataset).GetRoundsAsync(ct);
                return rounds.FirstOrDefault(r => r.Arm == arm && r.Number == number) ?? throw NoRound(dataset, arm, number);
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("One round.").WithTags("training");

        api.MapPost("/datasets/{dataset}/rounds/{arm}/{number:int}/end",
            async (string dataset, string arm, int number, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset).EndRoundAsync(arm, number, CallerIdentity.OperationOf(http), ct)
                    ?? throw NoRound(dataset, arm, number);
            })
            .Requires(Permission.StartRounds)
            .Leaves(ActKind.RoundEnded, (call, act) => act with { Of = NameOf(call.Answer<RoundInfo>()) })
            .Produces<RoundInfo>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("End a round by hand: ask nobody any more, and go on with what people said.").WithTags("training");

        api.MapGet("/datasets/{dataset}/curves", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset).GetCurvesAsync(ct);
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("Accuracy against labels, one curve per arm.").WithTags("training");

        api.MapGet("/datasets/{dataset}/models/{arm}/{round:int}/onnx",
            async (string dataset, string arm, int round, IGrainFactory grains, IDatasetArchive archive, IActBook acts, HttpContext http,
                CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                var rounds = await grains.GetGrain<IDatasetGrain>(dataset).GetRoundsAsync(ct);
                var known = rounds.FirstOrDefault(r => r.Arm == arm && r.Number == round)?.Model;
                var model = known is null ? null : await archive.OpenModelAsync(dataset, known, ct);
                if (model is null) throw new NotFoundException($"Dataset '{dataset}' has no model {arm}/{round}.");
                await acts.BeginsAsync(http, new ActDraft(ActKind.ModelExported) { Dataset = dataset, Of = NameOf(arm, round) }, ct);
                return Results.Stream(model,
                    "application/octet-stream", $"{dataset}-{arm}-{round}.onnx");
            })
            .Requires(Permission.ExportData).LeavesWithin(ActKind.ModelExported)
            .WithSummary("The head of a round's model as ONNX: embedding → probabilities.").WithTags("training")
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream");
    }

    private static string NameOf(RoundInfo round) => NameOf(round.Arm, round.Number);

    private static string NameOf(string arm, int number) => string.Create(CultureInfo.InvariantCulture, $"{arm}/{number}");

    private static NotFoundException NoRound(string dataset, string arm, int number) =>
        new($"Dataset '{dataset}' has no round {arm}/{number}.");
}
