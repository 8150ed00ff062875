using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Security;
using Winnow.Web.Requests;
using Winnow.Web.Security;

namespace Winnow.Web.Datasets;

internal static class VersionEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets/{dataset}/versions",
            async (string dataset, CreateVersion command, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                return await grains.GetGrain<IDatasetGrain>(dataset)
                    .CreateVersionAsync(command, CallerIdentity.OperationOf(http), CallerIdentity.Of(http), ct);
            })
            .Requires(Permission.CreateVersions)
            .Leaves(ActKind.VersionMade, (call, act) => act with { Of = Number(call.Answer<DatasetVersion>().Number) })
            .Produces<DatasetVersion>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Make an immutable snapshot. Images that nobody labelled have the labels of machines' decisions that were "
                + "accepted, unless autoAccepted is false, and the guesses of machines where pseudo is true; each label says whose word "
                + "it is.")
            .WithTags("versions");

        api.MapGet("/datasets/{dataset}/versions", async (
                string dataset, string? after, int? limit, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                var all = await grains.GetGrain<IDatasetGrain>(dataset).GetVersionsAsync(ct);
                return Pages.Cut(http, all, after, limit, v => v.Number.ToString(CultureInfo.InvariantCulture)).ToArray();
            })
            .Requires(Permission.ReadDataset)
            .WithSummary($"Versions, oldest first, at most 1,000. {Pages.Next}, where it comes, is 'after' of the next page.")
            .WithTags("versions");

        api.MapGet("/datasets/{dataset}/versions/{version:int}/manifest", async (
                string dataset, int version, IGrainFactory grains, IDatasetArchive archive, IActBook acts, HttpContext http,
                CancellationToken ct) =>
            {
                var (_, stored) = await FindAsync(grains, dataset, version, ct);
                var manifest = await archive.OpenManifestAsync(stored, ct)
                    ?? throw new NotFoundException($"Version {version} of '{dataset}' has no manifest.");
                await acts.BeginsAsync(http, new ActDraft(ActKind.ManifestExported) { Dataset = dataset, Of = Number(version) }, ct);
                return http.Stream(async stream =>
                {
                    await using (manifest) await manifest.CopyToAsync(stream, ct);
                }, "application/jsonl");
            })
            .Requires(Permission.ExportData).LeavesWithin(ActKind.ManifestExported)
            .WithSummary("A version's manifest, as JSON lines in the order of image ids.").WithTags("versions")
            .Produces(StatusCodes.Status200OK, contentType: "application/jsonl");

        api.MapGet("/datasets/{dataset}/versions/{version:int}/diff", async (
                string dataset, int version, int? from, IGrainFactory grains, IDatasetArchive archive, CancellationToken ct) =>
            {
                var (info, earlier, later) = await FindBothAsync(grains, dataset, from, version, ct);
                return await archive.DiffAsync(info, earlier, later, ct);
            })
            .Requires(Permission.ReadDataset)
            .WithSummary("What is different between a version and an earlier one (from; the one before it by default, 0 for nothing): "
                + "images added, removed, labelled, relabelled, by class and by whose word the labels are.")
            .WithTags("versions");

        api.MapGet("/datasets/{dataset}/versions/{version:int}/changes", async (
                string dataset, int version, int? from, IGrainFactory grains, IDatasetArchive archive, IActBook acts, HttpContext http,
                CancellationToken ct) =>
            {
                var (info, earlier, later) = await FindBothAsync(grains, dataset, from, version, ct);
                var of = $"{Number(earlier?.Version.Number ?? 0)}..{Number(version)}";
                await acts.BeginsAsync(http, new ActDraft(ActKind.ChangesExported) { Dataset = dataset, Of = of }, ct);
                return http.Stream(stream => archive.WriteChangesAsync(info, earlier, later, stream, ct), "application/jsonl");
            })
            .Requires(Permission.ExportData).LeavesWithin(ActKind.ChangesExported)
            .WithSummary("Each image that is not the same in a version and an earlier one, as JSON lines in the order of ids.")
            .WithTags("versions")
            .Produces(StatusCodes.Status200OK, contentType: "application/jsonl");

        api.MapGet("/datasets/{dataset}/versions/{version:int}/export", async (
                string dataset, int version, string? format, IGrainFactory grains, IDatasetArchive archive, IActBook acts, HttpContext http,
                CancellationToken ct) =>
            {
                var (info, found) = await FindAsync(grains, dataset, version, ct);
                var name = format ?? archive.DefaultFor(info.Schema);
                // Known before the first byte is sent, so that a wrong name is an answer and not a broken stream.
                if (!archive.Formats.Contains(name))
                    throw new RefusedException(
                        $"There is no export format {ShownText.Quote(name)}. Known are: {string.Join(", ", archive.Formats)}.");
                if (archive.CannotSay(name, info.Schema) is { } lost) throw new RefusedException(lost);
                var caller = CallerIdentity.ContentOf(http);
                if (archive.CannotTake(name, caller) is { } missing) throw new ForbiddenException(missing);
                var (type, extension) = name switch
                {
                    "csv" => ("text/csv", "csv"),
                    "jsonl" => ("application/jsonl", "jsonl"),
                    _ => ("application/x-tar", "tar"),
                };
                await acts.BeginsAsync(http, new ActDraft(ActKind.VersionExported)
                {
                    Dataset = dataset,
                    Of = $"{Number(version)} {name}",
                    Purpose = "export",
                }, ct);
                return http.Stream(
                    stream => archive.ExportAsync(info, found, name, caller, stream, ct), type, $"{dataset}-{version}.{extension}");
            })
            .Requires(Permission.ExportData).LeavesWithin(ActKind.VersionExported)
            .WithSummary("A version in an export format; the same version always gives the same bytes.").WithTags("versions")
            .Produces(StatusCodes.Status200OK, contentType: "application/x-tar");
    }

    private static string Number(int version) => version.ToString(CultureInfo.InvariantCulture);

    /// <summary>Two versions; before the first there is nothing, version 0.</summary>
    private static async Task<(DatasetInfo Dataset, StoredVersion? From, StoredVersion To)> FindBothAsync(
        IGrainFactory grains, string dataset, int? from, int version, CancellationToken ct)
    {
        var (info, later) = await FindAsync(grains, dataset, version, ct);
        var earlier = from ?? (version - 1);
        return (info, earlier == 0 ? null : (await FindAsync(grains, dataset, earlier, ct)).Version, later);
    }

    private static async Task<(DatasetInfo Dataset, StoredVersion Version)> FindAsync(IGrainFactory grains, string dataset, int version,
        CancellationToken ct)
    {
        var info = await grains.DatasetAsync(dataset, ct);
        return (info, await grains.GetGrain<IDatasetGrain>(dataset).FindVersionAsync(version, ct)
            ?? throw new NotFoundException($"Dataset '{dataset}' has no version {version}."));
    }
}
