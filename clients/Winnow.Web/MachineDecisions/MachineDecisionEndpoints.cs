using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.MachineDecisions;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Security;
using Winnow.Web.Requests;
using Winnow.Web.Security;

namespace Winnow.Web.MachineDecisions;

internal static class MachineDecisionEndpoints
{
    private const int Most = 1_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets/{dataset}/machine-decisions", async (
                string dataset, IReadOnlyList<ImageMachineDecision> decisions, IGrainFactory grains, TimeProvider time, HttpContext http,
                CancellationToken ct) =>
            {
                var info = await grains.DatasetAsync(dataset, ct);
                if (decisions.Count > Most) throw new RefusedException($"At most {Most} decisions at once, not {decisions.Count}.");
                return await PutAsync(grains, info, decisions, time.GetUtcNow(), http, ct);
            })
            .Requires(Permission.DecideByMachine)
            .Leaves(ActKind.MachineDecisionsMade, (call, act) => act with { Of = $"{call.Answer<MachineDecisionsResult>().Taken}" })
            .Produces<MachineDecisionsResult>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Record what machines decided about images: 'auto-accepted', in the place of people's answers, or 'pseudo', as a "
                + "guess. It stands only where people have said nothing. What is wrong is put aside by name, and the others are on disk "
                + "when the answer says so; sending the same again is harmless.")
            .WithTags("machine decisions");

        api.MapGet("/datasets/{dataset}/machine-decisions/runs", async (
                string dataset, string? after, int? limit, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                var runs = await RunsAsync(grains, await grains.DatasetAsync(dataset, ct), ct);
                return Pages.Cut(http, runs, after, limit, KeyOf).ToArray();
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("What there is of each run of machine decisions, by name, at most 1,000. "
                + $"{Pages.Next}, where it comes, is 'after' of the next page.")
            .WithTags("machine decisions");

        api.MapPost("/datasets/{dataset}/machine-decisions/take-back", async (
                string dataset, TakeBackMachineDecisions command, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                var info = await grains.DatasetAsync(dataset, ct);
                if (command.Check() is { } wrong) throw new RefusedException(wrong);
                return await TakeBackAsync(grains, info, command, http, ct);
            })
            .Requires(Permission.DecideByMachine)
            .Leaves(ActKind.MachineDecisionsTakenBack, (call, act) => act with
            {
                Image = call.Argument<TakeBackMachineDecisions>().Image,
                Of = call.Argument<TakeBackMachineDecisions>().Run,
            })
            .Produces<TakenBackMachineDecisions>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Take back machine decisions: of a run, about an image, or of a run about an image. They stay recorded, with who "
                + "took them back, when and why. What was interrupted goes on when the same is sent again.")
            .WithTags("machine decisions");
    }

    private static async Task<MachineDecisionsResult> PutAsync(
        IGrainFactory grains, DatasetInfo info, IReadOnlyList<ImageMachineDecision> decisions, DateTimeOffset now, HttpContext http,
        CancellationToken ct)
    {
        var refused = new Dictionary<int, string>();
        var rows = new List<(int Index, MachineRow Row)>();
        for (var i = 0; i < decisions.Count; i++)
        {
            if (Check(decisions[i], info, now) is { } wrong) refused[i] = wrong;
            else rows.Add((i, new MachineRow(decisions[i].Image, Json(InWords(decisions[i], info.Schema)))));
        }
        // Of what was sent: the schema may be another version when it is sent again.
        var content = OperationStamp.ContentOf(rows.Select(r =>
            Convert.ToBase64String(Json(decisions[r.Index] with { Schema = null }))));
        var (operation, actor) = (CallerIdentity.OperationOf(http), CallerIdentity.Of(http));
        await grains.OnShardsAsync(info, async shards =>
        {
            await Task.WhenAll(rows.GroupBy(r => shards.ShardOf(r.Row.Image)).Select(async group =>
            {
                var lot = new MachineLot(operation, content, actor, [.. group.Select(r => r.Row)]);
                var answers = await Shard(grains, info, group.Key).PutDecisionsAsync(lot, ct);
                lock (refused)
                {
                    foreach (var (at, (index, _)) in group.Index())
                        if (answers[at] is { } why) refused[index] = why;
                }
            }));
            return true;
        }, ct);
        return new MachineDecisionsResult(decisions.Count - refused.Count, [.. refused.OrderBy(r => r.Key).Select(r =>
            new RefusedMachineDecision(r.Key, decisions[r.Key].Image, r.Value))]);
    }

    private static string? Check(ImageMachineDecision decision, DatasetInfo info, DateTimeOffset now)
    {
        if (decision.Check(info.Schema, now + MemberRules.ClocksApart) is { } wrong) return wrong;
        var bytes = Json(decision).Length;
        return bytes <= ImageMachineDecision.MaxBytes ? null
            : FormattableString.Invariant($"The decision has {bytes} bytes as JSON; at most {ImageMachineDecision.MaxBytes} are taken.");
    }

    /// <summary>As it is kept: in the words of the schema, as what people say is.</summary>
    private static ImageMachineDecision InWords(ImageMachineDecision decision, LabelSchema schema) => decision with
    {
        Schema = schema.Version,
        Annotations = [.. decision.Annotations.Select(a => AnnotationRules.InWordsOf(a, schema))],
    };

    private static async Task<TakenBackMachineDecisions> TakeBackAsync(
        IGrainFactory grains, DatasetInfo info, TakeBackMachineDecisions command, HttpContext http, CancellationToken ct)
    {
        var content = OperationStamp.ContentOf(command.Run, command.Image?.ToString(), command.Reason);
        var wanted = new MachineTakeBack(
            CallerIdentity.OperationOf(http), content, CallerIdentity.Of(http), command.Reason, command.Run, command.Image);
        var shards = await grains.OnShardsAsync(info, layout => Task.WhenAll(
            Numbers(layout, command).Select(number => Shard(grains, info, number).TakeBackAsync(wanted, ct))), ct);
        var done = new TakenBackMachineDecisions(shards.Sum(s => s.Now), shards.Sum(s => s.Before));
        if (done is not { TakenBack: 0, Before: 0 }) return done;
        throw new NotFoundException(command.Run is { } run
            ? $"No decision of a run '{run}' is there{(command.Image is { } one ? $" about {one}" : "")}."
            : $"No machine has decided about {command.Image}.");
    }

    private static IEnumerable<int> Numbers(ShardLayout layout, TakeBackMachineDecisions command) =>
        command.Image is { } image ? [layout.ShardOf(image)] : Enumerable.Range(layout.First, layout.Count);

    private static async Task<MachineRun[]> RunsAsync(IGrainFactory grains, DatasetInfo info, CancellationToken ct)
    {
        var parts = await grains.OnShardsAsync(info, layout => Task.WhenAll(
            Enumerable.Range(layout.First, layout.Count).Select(number => Shard(grains, info, number).GetRunsAsync(ct))), ct);
        return [.. parts.SelectMany(p => p).GroupBy(r => (r.Run, r.Kind, r.Source, r.Version)).Select(g => g.First() with
        {
            Decisions = g.Sum(r => r.Decisions),
            TakenBack = g.Sum(r => r.TakenBack),
            From = g.Min(r => r.From),
            To = g.Max(r => r.To),
        }).OrderBy(KeyOf, StringComparer.Ordinal)];
    }

    /// <summary>What tells two apart, as the place at which a page ends: a header holds no other characters.</summary>
    private static string KeyOf(MachineRun run) => string.Join('/', new[] { run.Run, $"{run.Kind}", run.Source, run.Version ?? "/" }
        .Select(Uri.EscapeDataString));

    private static byte[] Json(ImageMachineDecision decision) =>
        JsonSerializer.SerializeToUtf8Bytes(decision, ModelJson.Default.ImageMachineDecision);

    private static IShardMachine Shard(IGrainFactory grains, DatasetInfo info, int number) =>
        grains.GetGrain<IShardMachine>(GrainKeys.Shard(info.Name, number));
}
