using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Images.Buckets;
using Winnow.Model.Acts;
using Winnow.Model.Images.Buckets;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Images.Buckets;

internal static class SourceEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets/{dataset}/sources",
            async (string dataset, BucketSource source, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
                await (await SourcesAsync(grains, dataset, ct)).AddAsync(source, CallerIdentity.Of(http), ct))
            .Requires(Permission.ManageSources)
            .Leaves(ActKind.SourceAdded, (call, act) => act with { Of = call.Argument<BucketSource>().Name })
            .WithSummary("Let a dataset take in what is in a bucket, now and from now on. The answer tells once where the bucket's "
                + "notifications are to be sent.").WithTags("sources");

        api.MapGet("/datasets/{dataset}/sources", async (string dataset, IGrainFactory grains, CancellationToken ct) =>
                await (await SourcesAsync(grains, dataset, ct)).ListAsync(ct))
            .Requires(Permission.ReadImages)
            .WithSummary("All sources of a dataset, with where they stand.").WithTags("sources");

        api.MapGet("/datasets/{dataset}/sources/{source}",
            async (string dataset, string source, IGrainFactory grains, CancellationToken ct) =>
                await (await SourcesAsync(grains, dataset, ct)).FindAsync(source, ct) ?? throw NotThere(dataset, source))
            .Requires(Permission.ReadImages)
            .WithSummary("One source: listed, known, taken, refused, last sync, last error.").WithTags("sources");

        api.MapDelete("/datasets/{dataset}/sources/{source}",
            async (string dataset, string source, IGrainFactory grains, CancellationToken ct) =>
                await (await SourcesAsync(grains, dataset, ct)).RemoveAsync(source, ct)
                ? Results.NoContent() : throw NotThere(dataset, source))
            .Requires(Permission.ManageSources).Leaves(ActKind.SourceRemoved, OfSource)
            .WithSummary("Stop reading a bucket. The images that it gave stay.").WithTags("sources")
            .Produces(StatusCodes.Status204NoContent);

        api.MapPost("/datasets/{dataset}/sources/{source}/sync",
            async (string dataset, string source, IGrainFactory grains, CancellationToken ct) =>
                await (await SourcesAsync(grains, dataset, ct)).SyncAsync(source, ct) ?? throw NotThere(dataset, source))
            .Requires(Permission.ManageSources).Leaves(ActKind.SourceSynced, OfSource)
            .WithSummary("Read the bucket now.").WithTags("sources");

        api.MapPost("/datasets/{dataset}/sources/{source}/notification-path",
            async (string dataset, string source, IGrainFactory grains, CancellationToken ct) =>
                await (await SourcesAsync(grains, dataset, ct)).RenewPathAsync(source, ct) ?? throw NotThere(dataset, source))
            .Requires(Permission.ManageSources).Leaves(ActKind.NotificationPathMade, OfSource)
            .WithSummary("Give a source a new secret path for notifications; the old one is good for nothing from then on.")
            .WithTags("sources");
    }

    private static ActDraft OfSource(ActCall call, ActDraft act) => act with { Of = call.Of("source") };

    private static async Task<IBucketSourcesGrain> SourcesAsync(IGrainFactory grains, string dataset, CancellationToken cancellationToken)
    {
        await grains.DatasetAsync(dataset, cancellationToken);
        return grains.GetGrain<IBucketSourcesGrain>(dataset);
    }

    private static NotFoundException NotThere(string dataset, string source) => new($"Dataset '{dataset}' has no source '{source}'.");
}
