using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Images;
using Winnow.Model.Acts;
using Winnow.Model.Images;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Images;

/// <summary>Bytes that go past the gateway.</summary>
internal static class UploadEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets/{dataset}/uploads",
            async (string dataset, PrepareUploads command, IGrainFactory grains, IImageUploads uploads, CancellationToken ct) =>
                await SupportedAsync(async () => await uploads.PrepareAsync(await grains.DatasetAsync(dataset, ct), command.Count, ct)))
            .Requires(Permission.ImportImages)
            .Leaves(ActKind.UploadsPrepared, (call, act) => act with { Of = Count(call.Argument<PrepareUploads>().Count) })
            .WithSummary("Links to PUT the bytes of images straight to the object store. Only where that is S3.").WithTags("images")
            .Produces<UploadSlots>();

        api.MapPost("/datasets/{dataset}/uploads/complete",
            async (string dataset, IReadOnlyList<UploadedImage> images, IGrainFactory grains, IImageUploads uploads, HttpContext http,
                CancellationToken ct) =>
            {
                var info = await grains.DatasetAsync(dataset, ct);
                // What was uploaded is taken in to its end, whether or not the caller still listens.
                var (operation, actor, owner) = (CallerIdentity.OperationOf(http), CallerIdentity.Of(http), CallerIdentity.OwnerOf(http));
                return await SupportedAsync(() => uploads.CompleteAsync(info, operation, actor, owner, images, CancellationToken.None));
            })
            .Requires(Permission.ImportImages)
            .Leaves(ActKind.ImagesAdded, (call, act) => act with { Of = Count(call.Argument<IReadOnlyList<UploadedImage>>().Count) })
            .WithSummary("Take in what was uploaded; one result per image, in order. Repeating it is harmless.")
            .WithTags("images").Produces<IReadOnlyList<IngestResult>>().ProducesProblem(StatusCodes.Status409Conflict);

        api.MapGet("/datasets/{dataset}/images/{image}/url",
            async (string dataset, string image, IGrainFactory grains, IImageUploads uploads, HttpContext http, CancellationToken ct) =>
            {
                var id = await ImageEndpoints.FindAsync(grains, dataset, image, ct);
                return await SupportedAsync(() => uploads.LinkAsync(dataset, id, CallerIdentity.ContentOf(http), ct));
            })
            .Requires(Permission.ReadOriginals).LeavesWithin(ActKind.OriginalLinked)
            .WithSummary("A link that reads an image straight from the object store, for a while. Only where that is S3.")
            .WithTags("images").Produces<ImageUrl>();
    }

    private static string Count(int images) => images.ToString(CultureInfo.InvariantCulture);

    private static async Task<IResult> SupportedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return Results.Ok(await call());
        }
        catch (NotSupportedException e)
        {
            return Problems.Answer(e.Message, StatusCodes.Status501NotImplemented);
        }
    }
}
