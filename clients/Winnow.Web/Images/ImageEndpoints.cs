using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Images;

internal static class ImageEndpoints
{
    private const int MaxPage = 1_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets/{dataset}/images", TakeAsync)
            .Requires(Permission.ImportImages)
            .Leaves(ActKind.ImagesAdded, (call, act) => act with { Of = CountOf(call.Answer<IReadOnlyList<IngestResult>>()) })
            .WithSummary("Take in a lot of at most 1,000 images as multipart/form-data. One result per image, in order; a bad image never "
                + "fails its lot.")
            .WithTags("images").Produces<IReadOnlyList<IngestResult>>().ProducesProblem(StatusCodes.Status409Conflict);

        api.MapGet("/intake", (IImageIntake intake, ApiOptions options) =>
                new IntakeLimits(intake.Formats, intake.MaxImageBytes, intake.MaxLotImages, options.MaxLotBytes))
            .RequiresCaller()
            .WithSummary("What this server takes in: formats of images, and how large an image and a request may be.").WithTags("images");

        api.MapGet("/datasets/{dataset}/images", ListAsync)
            .Requires(Permission.ReadImages)
            .WithSummary("A page of images, of one stage where asked. 'next' of a page is 'after' of the following one.")
            .WithTags("images");

        api.MapGet("/datasets/{dataset}/images/{image}", async (string dataset, string image, IGrainFactory grains, CancellationToken ct) =>
            {
                var id = await FindAsync(grains, dataset, image, ct);
                return await grains.GetGrain<IImageGrain>(GrainKeys.Image(dataset, id)).GetAsync(ct) ?? throw NotThere(dataset, image);
            })
            .Requires(Permission.ReadImages)
            .WithSummary("All that is known of one image: prelabels, scores, annotations, history.").WithTags("images");

        api.MapGet("/datasets/{dataset}/images/{image}/content",
            async (string dataset, string image, IGrainFactory grains, IImageContent content, HttpContext http, CancellationToken ct) =>
            {
                var id = await FindAsync(grains, dataset, image, ct);
                return IsKnown(http, $"{id}") ? Unchanged
                    : Serve(http, await content.GetOriginalAsync(dataset, id, CallerIdentity.ContentOf(http), ct), dataset, image);
            })
            .Requires(Permission.ReadOriginals).LeavesWithin(ActKind.OriginalRead)
            .WithSummary("The original bytes of an image.").WithTags("images")
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream").ProducesProblem(StatusCodes.Status410Gone);

        api.MapGet("/datasets/{dataset}/images/{image}/thumbnail",
            async (string dataset, string image, int? size, IGrainFactory grains, IImageContent content, HttpContext http,
                CancellationToken ct) =>
            {
                var id = await FindAsync(grains, dataset, image, ct);
                if (size is < 16 or > 4096) throw new RefusedException($"size must be 16 to 4096, not {size}.");
                var side = size ?? 256;
                return IsKnown(http, string.Create(CultureInfo.InvariantCulture, $"{id}.{side}")) ? Unchanged
                    : Serve(http, await content.GetDerivativeAsync(dataset, id, side, ct), dataset, image);
            })
            .Requires(Permission.ReadImages)
            .WithSummary("A smaller copy of an image, made on first use and kept.").WithTags("images")
            .Produces(StatusCodes.Status200OK, contentType: "image/jpeg").ProducesProblem(StatusCodes.Status410Gone);
    }

    private static string CountOf(IReadOnlyList<IngestResult> lot) => lot.Count.ToString(CultureInfo.InvariantCulture);

    private static async Task<IResult> TakeAsync(
        string dataset, [Text(TextKind.Exact)] string? label, string? partition, HttpContext http, IGrainFactory grains,
        IImageIntake intake, ILotSpaces spaces, ApiOptions options)
    {
        var ct = http.RequestAborted;
        var info = await grains.DatasetAsync(dataset, ct);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = options.MaxLotBytes;
        var place = partition switch
        {
            null or "" or "pool" => Partition.Pool,
            "holdout" => Partition.Holdout,
            var other => throw new RefusedException($"partition must be pool or holdout, not '{other}'."),
        };
        await using var space = spaces.Open(CallerIdentity.OwnerOf(http));
        var lot = await LotReader.ReadAsync(http.Request, space, string.IsNullOrEmpty(label) ? null : label, place, intake.MaxImageBytes,
            ct);
        // Once all bytes are here the lot is taken in to its end, whether or not the caller still listens.
        var operation = new IngestOperation(CallerIdentity.OperationOf(http), CallerIdentity.Of(http));
        return Results.Ok(await intake.TakeAsync(info, operation, lot, CancellationToken.None));
    }

    private static async Task<ImagePage> ListAsync(string dataset, string? stage, string? after, int? limit, IGrainFactory grains,
        CancellationToken ct)
    {
        var info = await grains.DatasetAsync(dataset, ct);
        if (limit is < 1 or > MaxPage) throw new RefusedException($"limit must be 1 to {MaxPage}, not {limit}.");
        var wanted = ParseStage(stage);
        return await grains.OnShardsAsync(info, async shards =>
        {
            var (shard, last) = ParseCursor(after, info, shards);
            var images = new List<ImageSummary>();
            var left = limit ?? 100;
            while (shards.Contains(shard) && left > 0)
            {
                var key = GrainKeys.Shard(dataset, shard);
                var page = await grains.GetGrain<IShardIngest>(key).ListAsync(
                    new ListImages(0, left, wanted, ById: true, last) { Sets = true, ClassesAlone = true }, ct);
                ListedImages.ThrowIfOld(page, key);
                images.AddRange(page.Images.Select(i => Summary(i, info.Schema)));
                left -= page.Images.Length;
                if (page.Images.Length > 0) last = page.Images[^1].Id;
                if (page.NextOrdinal < 0) shard++;
            }
            // What follows an image is the same whichever shards hold it then.
            return new ImagePage(images, shards.Contains(shard) ? last?.ToString() : null);
        }, ct);
    }

    private static ImageSummary Summary(ListedImage image, LabelSchema schema) =>
        new(image.Id, image.Name, image.Stage, image.Partition,
            schema.IsOneClass && image.Label >= 0 && image.Label < schema.Classes.Count ? SchemaMap.Of(schema).NameOf(image.Label) : null,
            image.Reason)
        {
            Classes = image.Set is { } set ? ClassesOf(set, SchemaMap.Of(schema)) : null,
            StandsBy = image.StandsBy,
        };

    /// <summary>Null where nobody knows what they count as by now, and the image is about to be asked about again.</summary>
    private static string[]? ClassesOf(LabelSet set, SchemaMap map)
    {
        var annotations = JsonSerializer.Deserialize(set.Annotations, ModelJson.Default.AnnotationArray)!;
        return map.Asks(annotations) ? null : [.. annotations.Select(a => a.Class).Distinct(StringComparer.Ordinal)];
    }

    private static Stage? ParseStage(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        foreach (var stage in Enum.GetValues<Stage>())
            if (System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(stage.ToString()) == text) return stage;
        var known = Enum.GetNames<Stage>().Select(System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName);
        throw new RefusedException($"'{text}' is not a stage. Known are: {string.Join(", ", known)}.");
    }

    private static (int Shard, ImageId? Last) ParseCursor(string? after, DatasetInfo info, ShardLayout shards)
    {
        if (string.IsNullOrEmpty(after)) return (shards.First, null);
        if (ImageId.TryParse(after, out var last)) return (shards.ShardOf(last), last);
        // A place in a shard, as the last release told it: its images are gone through again from the first, so that none is left out.
        if (after.Split('.') is [var number, var row] && int.TryParse(number, CultureInfo.InvariantCulture, out var shard) &&
            int.TryParse(row, CultureInfo.InvariantCulture, out var ordinal) && ordinal >= 0 &&
            shards.Place(shard, info.Settings.Shards) is { } place) return (place, null);
        throw new RefusedException($"'{after}' is not a place to continue from: use 'next' of the page before.");
    }

    /// <summary>The image of a route. Only images of this dataset are ever touched, whatever an id may name elsewhere.</summary>
    /// <exception cref="NotFoundException">The dataset does not hold it.</exception>
    public static async Task<ImageId> FindAsync(IGrainFactory grains, string dataset, string image, CancellationToken ct)
    {
        var info = await grains.DatasetAsync(dataset, ct);
        if (!ImageId.TryParse(image, out var id))
            throw new RefusedException($"'{image}' is not an image id: expected 'img-' and 52 characters of base32.");
        var holds = await grains.OnShardsAsync(info, async shards =>
        {
            var shard = grains.GetGrain<IShardIngest>(GrainKeys.Shard(dataset, shards.ShardOf(id)));
            try
            {
                return await shard.HoldsAsync(id, ct);
            }
            catch (Exception e) when (e is not (OperationCanceledException or ShardMovedException or SetAsideException))
            {
                // A silo of the last release, which cannot be asked that; or one that cannot answer anything, which the next question
                // tells.
                return await shard.FindAsync(id, ct) is not null;
            }
        }, ct);
        return holds ? id : throw NotThere(dataset, image);
    }

    private static NotFoundException NotThere(string dataset, string image) => new($"Dataset '{dataset}' does not hold {image}.");

    private static IResult Unchanged => Results.StatusCode(StatusCodes.Status304NotModified);

    /// <summary>
    /// Whether the caller has the bytes already: an image is its content, so they never change. They are asked about each time, since who
    /// may see them does.
    /// </summary>
    private static bool IsKnown(HttpContext http, string mark)
    {
        var tag = new EntityTagHeaderValue($"\"{mark}\"");
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.GetTypedHeaders().ETag = tag;
        return http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false));
    }

    private static IResult Serve(HttpContext http, ImageBytes bytes, string dataset, string image)
    {
        if (bytes.IsLost)
        {
            throw new LostException($"Dataset '{dataset}' holds {image}, and its bytes are lost: {bytes.Problem} "
                + $"'winnow verify {dataset}' names all such images. To import the image again puts its bytes back.");
        }
        if (bytes.Problem is not null) throw new RefusedException($"No copy can be made of {image}: {bytes.Problem}");
        // Whatever it holds, it runs nothing.
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        return Results.Bytes(bytes.Content, bytes.MediaType);
    }
}
