using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Prelabels;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Prelabels;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Prelabels;

internal static class PrelabelEndpoints
{
    private const int Most = 1_000;
    private const string NotHeld = "The dataset does not hold this image. Import it first.";

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/datasets/{dataset}/prelabels", async (
                string dataset, IReadOnlyList<ImagePrelabel> prelabels, IGrainFactory grains, TimeProvider time, HttpContext http,
                CancellationToken ct) =>
            {
                var info = await grains.DatasetAsync(dataset, ct);
                if (prelabels.Count > Most) throw new RefusedException($"At most {Most} prelabels at once, not {prelabels.Count}.");
                return await PutAsync(grains, info, prelabels, time.GetUtcNow(), http, ct);
            })
            .Requires(Permission.ImportImages)
            .Leaves(ActKind.PrelabelsAdded, (call, act) => act with { Of = $"{call.Answer<PrelabelsResult>().Taken}" })
            .Produces<PrelabelsResult>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Take what machines propose for images: of each image and source the newest is kept, and shown with its "
                + "review task. "
                + "What is wrong is put aside by name, and the others are on disk when the answer says so; sending the same again "
                + "is harmless.")
            .WithTags("prelabels");

    private static async Task<PrelabelsResult> PutAsync(
        IGrainFactory grains, DatasetInfo info, IReadOnlyList<ImagePrelabel> prelabels, DateTimeOffset now, HttpContext http,
        CancellationToken ct)
    {
        var refused = new Dictionary<int, string>();
        var rows = new List<(int Index, PrelabelRow Row)>();
        for (var i = 0; i < prelabels.Count; i++)
        {
            var taken = prelabels[i] with { Schema = info.Schema.Version };
            var json = JsonSerializer.SerializeToUtf8Bytes(taken, ModelJson.Default.ImagePrelabel);
            if (Check(prelabels[i], json, info, now) is { } wrong) refused[i] = wrong;
            else rows.Add((i, new PrelabelRow(prelabels[i].Image, prelabels[i].Source, prelabels[i].MadeAt, json)));
        }
        // Of what was sent: the schema may be another version when it is sent again.
        var content = OperationStamp.ContentOf(rows.Select(r => Convert.ToBase64String(info.Schema.Version is null ? r.Row.Json
            : JsonSerializer.SerializeToUtf8Bytes(prelabels[r.Index] with { Schema = null }, ModelJson.Default.ImagePrelabel))));
        var (operation, actor) = (CallerIdentity.OperationOf(http), CallerIdentity.Of(http));
        await grains.OnShardsAsync(info, async shards =>
        {
            await Task.WhenAll(rows.GroupBy(r => shards.ShardOf(r.Row.Image)).Select(async group =>
            {
                var lot = new PrelabelLot(operation, content, actor, [.. group.Select(r => r.Row)]);
                var outcomes = await TakeAsync(grains.GetGrain<IShardPrelabels>(GrainKeys.Shard(info.Name, group.Key)), lot, ct);
                lock (refused)
                {
                    foreach (var ((index, _), outcome) in group.Zip(outcomes))
                        if (outcome != PrelabelOutcome.Taken) refused[index] = Reason(outcome);
                }
            }));
            return true;
        }, ct);
        return new PrelabelsResult(prelabels.Count - refused.Count, [.. refused.OrderBy(r => r.Key).Select(r =>
            new RefusedPrelabel(r.Key, prelabels[r.Key].Image, prelabels[r.Key].Source, r.Value))]);
    }

    private static async Task<PrelabelOutcome[]> TakeAsync(IShardPrelabels shard, PrelabelLot lot, CancellationToken cancellationToken)
    {
        try
        {
            return await shard.TakeAsync(lot, cancellationToken);
        }
        catch (Exception e) when (e is not (OperationCanceledException or RefusedException or ShardMovedException or SetAsideException
            or TimeoutException or StorageFullException))
        {
            // A silo of the last release, which gives no reasons; or one that cannot answer anything, which the next question tells.
            var held = await shard.PutAsync(lot, cancellationToken);
            return [.. held.Select(h => h ? PrelabelOutcome.Taken : PrelabelOutcome.NotHeld)];
        }
    }

    private static string Reason(PrelabelOutcome outcome) => outcome switch
    {
        PrelabelOutcome.TooManySources => FormattableString.Invariant(
            $"{ImagePrelabel.MostSources} other sources propose something for this image, which is as many as may."),
        PrelabelOutcome.TooManyBytes => FormattableString.Invariant(
            $"What is proposed for this image would have more than {ImagePrelabel.MostBytesOfImage} bytes as JSON, all sources together."),
        _ => NotHeld,
    };

    private static string? Check(ImagePrelabel prelabel, byte[] json, DatasetInfo info, DateTimeOffset now) =>
        json.Length > ImagePrelabel.MaxBytes
            ? FormattableString.Invariant($"The prelabel has {json.Length} bytes as JSON; at most {ImagePrelabel.MaxBytes} are taken.")
            : prelabel.Check(info.Schema, now + MemberRules.ClocksApart);
}
