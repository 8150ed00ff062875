using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Datasets;

/// <summary>Whole datasets out and in again, and whether rows and objects belong together.</summary>
internal static class BackupEndpoints
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder api)
    {
        // Whoever may take versions out, and may read history image by image, takes no more than that with a backup.
        api.MapGet("/datasets/{dataset}/backup",
            async (string dataset, IGrainFactory grains, IDatasetBackup backup, IActBook acts, HttpContext http, CancellationToken ct) =>
            {
                var info = await grains.DatasetAsync(dataset, ct);
                var caller = CallerIdentity.ContentOf(http);
                // Known before the first byte is sent, so that it is an answer and not a broken stream.
                if (!caller.Permissions.Contains(Permission.ReadOriginals))
                    throw new ForbiddenException("A backup holds the original bytes of images, which need the permission read-originals.");
                await acts.BeginsAsync(http, new ActDraft(ActKind.DatasetBackedUp) { Dataset = dataset, Purpose = "backup" }, ct);
                return http.Stream(stream => backup.WriteAsync(info, caller, stream, ct), "application/x-tar", $"{dataset}.winnow.tar");
            })
            .Requires(Permission.ExportData).LeavesWithin(ActKind.DatasetBackedUp)
            .WithSummary("The whole dataset as a tar stream, written while it is worked with. Whole only with its last file, end.json.")
            .WithTags("datasets").Produces(StatusCodes.Status200OK, contentType: "application/x-tar");

        api.MapPost("/restore", RestoreAsync)
            .Requires(Permission.CreateDatasets)
            .Leaves(ActKind.DatasetRestored, (call, act) => act with { Dataset = call.Answer<RestoredDataset>().Dataset.Name })
            .WithSummary("Restore a backup, sent as the body, into a dataset that does not exist yet: the one named by "
                + "'dataset', or of the name that it had. 'alikeClasses' takes classes that differ only in case or Unicode form.")
                .WithTags("datasets");

        // It reads the ledger and lists the store from end to end, which is the operator's to spend.
        api.MapPost("/datasets/{dataset}/verify", async (
                string dataset, bool? hash, bool? repairDerived, IGrainFactory grains, IDatasetBackup backup, TimeProvider time,
                HttpContext http, CancellationToken ct) =>
            {
                // The act stands before the first line goes out; what is read for nobody ends.
                var gone = http.RequestAborted;
                // Of one that was deleted there is nothing left, or this says what.
                var isThere = !DatasetName.IsValid(dataset) || await grains.GetGrain<ICatalogGrain>(0).FindAsync(dataset, ct) is not null;
                var steps = !isThere && await backup.VerifyDeletedAsync(dataset, ct) is { } left
                    ? Only(left)
                    : backup.VerifyAsync(await grains.DatasetAsync(dataset, ct), hash ?? false, repairDerived ?? false, gone);
                return http.Stream(stream => WriteAsync(stream, steps, time, gone), "application/jsonl");
            })
            .Requires(Permission.OperateCluster).Leaves(ActKind.DatasetVerified)
            .WithSummary("Find rows without their object and objects without their row; of a dataset that was deleted, what is left of it. "
                + "JSON lines: how far it has come, and last the report.")
            .WithTags("datasets").Produces(StatusCodes.Status200OK, contentType: "application/jsonl");
    }

    private static async Task<RestoredDataset> RestoreAsync(string? dataset, bool? alikeClasses, IGrainFactory grains,
        IDatasetBackup backup, HttpContext http, CancellationToken ct)
    {
        // A backup is as large as its dataset; it is never held in memory.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
        var (caller, _, actor) = CallerIdentity.Admitted(http);
        var restored = await backup.RestoreAsync(string.IsNullOrEmpty(dataset) ? null : dataset, alikeClasses ?? false, actor,
            http.Request.Body, ct);
        var name = restored.Dataset.Name;
        if (caller.Principal is { } creator) await grains.GetGrain<IAccessGrain>(name).FoundAsync(creator, actor, CancellationToken.None);
        // What was unfinished goes on; should this call fail, the cluster wakes it soon.
        grains.GetGrain<IDatasetGrain>(name).ResumeAsync(CancellationToken.None).Ignore();
        return restored;
    }

    private static async IAsyncEnumerable<VerificationStep> Only(VerificationReport report)
    {
        yield return await Task.FromResult(new VerificationStep(0, 0, 0, report));
    }

    private static async Task WriteAsync(Stream stream, IAsyncEnumerable<VerificationStep> steps, TimeProvider time, CancellationToken ct)
    {
        async Task SayAsync(VerificationStep step)
        {
            await JsonSerializer.SerializeAsync(stream, step, ModelJson.Default.VerificationStep, ct);
            await stream.WriteAsync(NewLine, ct);
            await stream.FlushAsync(ct);
        }

        await using var at = steps.GetAsyncEnumerator(ct);
        VerificationStep? last = null;
        while (true)
        {
            var next = at.MoveNextAsync().AsTask();
            // A shard of millions takes its time; whoever listens gives up on a body that stands still, so it hears the last step again.
            while (last is not null && !await EndsWithinAsync(next, SignOfLife, time)) await SayAsync(last);
            if (!await next) return;
            await SayAsync(last = at.Current);
        }
    }

    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan limit, TimeProvider time)
    {
        using var ended = new CancellationTokenSource();
        var first = await Task.WhenAny(task, Task.Delay(limit, time, ended.Token));
        await ended.CancelAsync();
        return first == task;
    }
}
