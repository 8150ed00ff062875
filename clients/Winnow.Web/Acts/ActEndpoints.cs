using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Acts;
using Winnow.Model.Images;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Acts;

/// <summary>Who did what.</summary>
internal static class ActEndpoints
{
    private const string Tag = "acts";
    private const string Filters =
        "'actor' is whoever acted or was acted for, 'what' a word of the vocabulary, 'since' and 'until' are times. 'next' is 'after' of "
        + "the next page, and of a later question for what came since; 'more' says whether to go on at once, which may be so of a page "
        + "without acts: so many are looked at for one page. At most 1,000 at once.";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/acts", (
                [Text(TextKind.Exact, 250)] string? actor, string? what, DateTimeOffset? since, DateTimeOffset? until,
                [Text(TextKind.Exact, MostAfter)] string? after, int? limit, IActBook book, CancellationToken ct) =>
                book.ListAsync(QueryOf(null, actor, what, null, since, until, after, limit), ct))
            .Requires(Permission.ReadClusterActs).Produces<ActPage>()
            .WithSummary($"Who did what to the cluster, and to datasets as a whole, in the order of time. {Filters}").WithTags(Tag);

        api.MapGet("/datasets/{dataset}/acts", async (
                string dataset, [Text(TextKind.Exact, 250)] string? actor, string? what, string? image, DateTimeOffset? since,
                DateTimeOffset? until, [Text(TextKind.Exact, MostAfter)] string? after, int? limit, IActBook book, IGrainFactory grains,
                CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await book.ListAsync(QueryOf(dataset, actor, what, image, since, until, after, limit), ct);
            })
            .Requires(Permission.ReadActs).Produces<ActPage>()
            .WithSummary($"Who did what in a dataset, to each of its images and to it as a whole, in the order of time. {Filters}")
            .WithTags(Tag);
    }

    /// <summary>Characters of a place: a dozen for each shard.</summary>
    private const int MostAfter = 64 << 10;

    private static ActQuery QueryOf(
        string? dataset, string? actor, string? what, string? image, DateTimeOffset? since, DateTimeOffset? until, string? after,
        int? limit)
    {
        ImageId? of = string.IsNullOrEmpty(image) ? null : ImageId.TryParse(image, out var id) ? id
            : throw new RefusedException($"{ShownText.Quote(image)} is not an image id: expected 'img-' and 52 characters of base32.");
        return new ActQuery(dataset)
        {
            Actor = string.IsNullOrEmpty(actor) ? null : actor,
            What = KindOf(what),
            Image = of,
            Since = since,
            Until = until,
            After = after,
            Limit = limit ?? 100,
        };
    }

    private static ActKind? KindOf(string? word)
    {
        if (string.IsNullOrEmpty(word)) return null;
        var kinds = Enum.GetValues<ActKind>().Where(k => k != ActKind.Unknown).ToDictionary(NameOf, StringComparer.Ordinal);
        return kinds.TryGetValue(word, out var kind) ? kind
            : throw new RefusedException($"{ShownText.Quote(word)} is no act. Known are: {string.Join(", ", kinds.Keys)}.");
    }

    private static string NameOf(ActKind kind) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());
}
