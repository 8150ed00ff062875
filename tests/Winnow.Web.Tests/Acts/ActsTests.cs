using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Client;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Security;
using Winnow.Web.Tests.Security;

namespace Winnow.Web.Tests.Acts;

/// <summary>
/// Each operation of the served document leaves the acts that its endpoint states, and what is refused leaves none. An operation that
/// changes something and states nothing keeps the server from starting.
/// </summary>
public sealed partial class ActsTests(MatrixSetup<LockedServer> setup) : IClassFixture<MatrixSetup<LockedServer>>
{
    private const string Actor = "service:cluster-Owner";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// What the matrix's request does not bring about here: tried by hand below, or the same line of code as others for something that this
    /// server has not got (a bucket, a second backbone, S3).
    /// </summary>
    internal static readonly HashSet<string> NotBroughtAbout =
    [
        "DELETE /api/v1/datasets/{dataset}",
        "POST /api/v1/datasets/{dataset}/tasks/lease",
        "POST /api/v1/datasets/{dataset}/tasks/release",
        "POST /api/v1/datasets/{dataset}/decisions",
        "POST /api/v1/datasets/{dataset}/schema",
        "POST /api/v1/datasets/{dataset}/split",
        "GET /api/v1/datasets/{dataset}/models/{arm}/{round}/onnx",
        "GET /api/v1/datasets/{dataset}/images/{image}/url",
        "POST /api/v1/datasets/{dataset}/uploads",
        "POST /api/v1/datasets/{dataset}/uploads/complete",
        "POST /api/v1/datasets/{dataset}/sources",
        "DELETE /api/v1/datasets/{dataset}/sources/{source}",
        "POST /api/v1/datasets/{dataset}/sources/{source}/sync",
        "POST /api/v1/datasets/{dataset}/sources/{source}/notification-path",
        "POST /api/v1/datasets/{dataset}/backbones",
        "POST /api/v1/datasets/{dataset}/backbones/{backbone}/switch",
        "DELETE /api/v1/datasets/{dataset}/backbones/{backbone}",
        "POST /api/v1/set-aside/discard",
        "DELETE /api/v1/session",
        "POST /operator/drain",
    ];

    private WinnowClient Operator => setup.Door.Operator;

    [Fact]
    public async Task Every_operation_leaves_the_acts_that_it_states()
    {
        var rules = Rules();
        var key = setup.InCluster[Role.Owner];
        List<string> wrong = [], untried = [];
        foreach (var operation in setup.Operations)
        {
            if (!rules.TryGetValue(operation.Name, out var rule) || rule is { Kinds.Count: 0 }) continue;
            if (!MatrixRequests.MaySucceed(operation))
            {
                untried.Add(operation.Name);
                continue;
            }
            var (cluster, dataset) = (await EndAsync(null), await EndAsync(MatrixSetup.Own));
            using var request = MatrixRequests.Make(operation, MatrixSetup.Own, setup.Image, setup.Spare, key);
            if (operation.Name.EndsWith("/rounds", StringComparison.Ordinal)) request.Headers.Remove("Idempotency-Key");
            using var response = await setup.Http.SendAsync(request);
            await response.Content.ReadAsByteArrayAsync();
            var done = response.IsSuccessStatusCode && !NotBroughtAbout.Contains(operation.Name);
            if (!done) untried.Add(operation.Name);
            ActKind[] expected = done ? [.. rule.Kinds] : [];
            var found = await SinceAsync(operation.Name, cluster, dataset, expected.Length);
            if (!expected.SequenceEqual(found.Select(a => a.What)))
                wrong.Add($"{operation.Name}, answered {(int)response.StatusCode}: {string.Join(", ", expected)} was expected, "
                    + $"{string.Join(", ", found)} came.");
            foreach (var act in found)
            {
                if (act.Actor != Actor || act.Address != "127.0.0.1" || act.Told) wrong.Add($"{operation.Name}: {act}");
                if (operation.OfDataset && act.Dataset != MatrixSetup.Own) wrong.Add($"{operation.Name} is of no dataset: {act}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(NotBroughtAbout.Order(), untried.Order());
    }

    /// <summary>The rules of all endpoints by the names that their operations have in the document.</summary>
    private Dictionary<string, ActRule> Rules() => RulesOf((LockedServer)setup.Door);

    internal static Dictionary<string, ActRule> RulesOf(LockedServer server)
    {
        var rules = new Dictionary<string, ActRule>();
        var endpoints = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        foreach (var endpoint in endpoints)
            if (endpoint.Metadata.GetMetadata<ActRule>() is { } rule)
                foreach (var method in endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()!.HttpMethods)
                    rules[$"{method} {Constraint().Replace(endpoint.RoutePattern.RawText!, "}")}"] = rule;
        Assert.True(rules.Count > 40, $"only {rules.Count} rules were found");
        return rules;
    }

    private async Task<string?> EndAsync(string? dataset)
    {
        string? after = null;
        while (true)
        {
            var page = await Operator.GetActsAsync(dataset, null, after, 1_000);
            after = page.Next;
            if (!page.More) return after;
        }
    }

    /// <summary>What was done since; those that nobody waits for are waited for here.</summary>
    private async Task<List<Act>> SinceAsync(string name, string? cluster, string? dataset, int expected)
    {
        var found = new List<Act>();
        await Until.TrueAsync(async () =>
        {
            var all = (await Operator.GetActsAsync(null, null, cluster, 1_000)).Acts
                .Concat((await Operator.GetActsAsync(MatrixSetup.Own, null, dataset, 1_000)).Acts);
            found = [.. all.DistinctBy(a => (a.Stream, a.Sequence))];
            return found.Count >= expected;
        }, Patience, () => $"{expected} acts of {name} are written down");
        return found;
    }

    [Fact]
    public async Task A_version_of_a_schema_is_told_with_its_number()
    {
        var name = await FillAsync("acts-schema", 2);
        await Operator.ChangeSchemaAsync(name, new ChangeSchema(1, [new AddClass(new LabelClass("fog"))]));
        var act = Assert.Single(await ListAsync(name, new ActFilter { What = ActKind.SchemaChanged }));
        Assert.Equal((name, "2"), (act.Dataset, act.Of));
    }

    [Fact]
    public async Task What_is_said_of_an_image_taken_back_and_said_anew_is_told_with_it()
    {
        var name = await FillAsync("acts-said", 40);
        var ada = setup.Door.As(await setup.Door.HolderAsync("service:acts-ada", name, Role.Verifier));
        await Operator.StartRoundAsync(name, new StartRound(10));
        IReadOnlyList<ReviewTask> tasks = [];
        await Until.TrueAsync(async () => (tasks = await ada.LeaseAsync(name, new LeaseRequest { Max = 1 })).Count > 0, Patience,
            () => "there is a task");
        var image = tasks[0].Image;
        await ada.GetImageContentAsync(name, image);
        SubmitDecision Of(Decision decision, long? version = null, string? lease = null) =>
            new(image, Guid.NewGuid(), decision, lease, version);
        Decision Label(string what) => new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(what)] };
        SubmitDecision[] said =
        [
            Of(Label(DrawnImages.Classes[0]), lease: tasks[0].Lease), Of(new Decision { Kind = DecisionKind.TakeBack, Of = 1 }, 1),
            Of(Label(DrawnImages.Classes[1]), 2), Of(new Decision { Kind = DecisionKind.Gold }, 3),
            Of(new Decision { Kind = DecisionKind.AskAgain }, 4),
        ];
        foreach (var decision in said)
        {
            var result = Assert.Single(await ada.SubmitAsync(name, [decision]));
            Assert.True(result.Status == SubmitStatus.Recorded, $"{decision.Decision.Kind}: {result.Reason}");
            // The same again is answered and done no second time; what is refused was not done.
            Assert.Equal(SubmitStatus.AlreadyRecorded, Assert.Single(await ada.SubmitAsync(name, [decision])).Status);
            Assert.True(Assert.Single(await ada.SubmitAsync(name, [decision with { OperationId = Guid.NewGuid() }])).Status
                >= SubmitStatus.Refused);
        }
        List<Act> acts = [];
        await Until.TrueAsync(async () => (acts = await ListAsync(name, new ActFilter { Image = image })).Count >= 7, Patience,
            () => "the lease is told");
        Assert.All(acts, a => Assert.Equal(("service:acts-ada", "127.0.0.1", image, name), (a.Actor, a.Address, a.Image, a.Dataset)));
        Assert.Equal(
            [
                (ActKind.OriginalRead, null), (ActKind.DecisionMade, "1"), (ActKind.DecisionTakenBack, "2"), (ActKind.DecisionMade, "3"),
                (ActKind.GoldSet, "4"), (ActKind.AskedAgain, "5"),
            ],
            acts.Where(a => a.What != ActKind.TasksLeased).Select(a => (a.What, a.Of)));
        var history = (await Operator.GetImageAsync(name, image)).History;
        Assert.Equal(history.Select(h => h.At), acts.Where(a => a.Of is not null && a.What != ActKind.TasksLeased).Select(a => a.At));
        Assert.Equal("review", acts.First(a => a.What == ActKind.OriginalRead).Purpose);
        Assert.Equal("label", Assert.Single(acts, a => a.What == ActKind.TasksLeased).Of);
        // The deletion of the dataset takes its shards' streams; that it was deleted, and all that was done to the whole of it, stays.
        await Operator.DeleteDatasetAsync(name);
        var left = (await ListAsync(null, new ActFilter())).Where(a => a.Dataset == name).Select(a => a.What).ToList();
        Assert.Equal([ActKind.DatasetCreated, ActKind.AccessGranted, ActKind.RoundStarted, ActKind.DatasetDeleted], left);
    }

    [Fact]
    public async Task Acts_are_filtered_and_paged_and_a_name_that_is_given_again_has_a_trail_of_its_own()
    {
        var name = await FillAsync("acts-paged");
        var ada = setup.Door.As(await setup.Door.HolderAsync("service:acts-eve", name, Role.Viewer));
        for (var i = 0; i < 3; i++)
        {
            await setup.Door.GrantAsync(name, $"service:acts-{i}", Role.Viewer);
            await Operator.RevokeAccessAsync(name, new GrantName(Principal.Parse($"service:acts-{i}"), Role.Viewer));
        }
        var all = await ListAsync(name, new ActFilter());
        Assert.Equal(all.OrderBy(a => a.At), all);
        foreach (var limit in new[] { 1, 2, 5 })
        {
            var paged = new List<Act>();
            for (string? after = null; ;)
            {
                var page = await Operator.GetActsAsync(name, null, after, limit);
                paged.AddRange(page.Acts);
                after = page.Next;
                if (!page.More) break;
            }
            Assert.Equal(all, paged);
        }
        var revoked = await ListAsync(name, new ActFilter { What = ActKind.AccessRevoked });
        Assert.Equal(["service:acts-0", "service:acts-1", "service:acts-2"], revoked.Select(a => a.About));
        Assert.All(revoked, a => Assert.Equal(("viewer", "service:operator"), (a.Of, a.Actor)));
        Assert.Equal(revoked.Skip(1), await ListAsync(name, new ActFilter { What = ActKind.AccessRevoked, Since = revoked[1].At }));
        Assert.Equal(revoked.Take(1), await ListAsync(name, new ActFilter { What = ActKind.AccessRevoked, Until = revoked[1].At }));
        Assert.Empty(await ListAsync(name, new ActFilter { Actor = "service:nobody" }));
        Assert.Equal(all, await ListAsync(name, new ActFilter { Actor = "service:operator" }));
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => ada.GetActsAsync(name));
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);

        await Operator.DeleteDatasetAsync(name);
        await Until.TrueAsync(async () => (await Operator.GetDeletionAsync(name))?.EndedAt is not null, Patience, () => "it is gone");
        await FillAsync(name);
        Assert.Equal([ActKind.DatasetCreated, ActKind.ImagesAdded], (await ListAsync(name, new ActFilter())).Select(a => a.What));
    }

    [Fact]
    public async Task Acts_of_shards_stay_when_others_hold_their_images()
    {
        var name = await FillAsync("acts-doubled");
        var images = new List<ImageSummary>();
        await foreach (var image in Operator.ListImagesAsync(name)) images.Add(image);
        var label = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(DrawnImages.Classes[0])] };
        async Task SayAsync(int from, int to)
        {
            foreach (var image in images.Take(to).Skip(from))
                Assert.Equal(SubmitStatus.Recorded, Assert.Single(await Operator.SubmitAsync(
                    name, [new SubmitDecision(image.Id, Guid.NewGuid(), label, ExpectedVersion: 0)])).Status);
        }
        await SayAsync(0, 4);
        var before = await ListAsync(name, new ActFilter());
        await Operator.SplitAsync(name, 4);
        await Until.TrueAsync(async () => (await Operator.GetStatusAsync(name)).Split is null, Patience, () => "the shards are doubled");
        await SayAsync(4, 8);
        var after = await ListAsync(name, new ActFilter());
        Assert.Equal(before, after.Take(before.Count));
        Assert.Equal(ActKind.ShardsDoubled, after[before.Count].What);
        var later = after.Skip(before.Count + 1).ToList();
        Assert.Equal(images.Skip(4).Select(i => (ActKind.DecisionMade, (ImageId?)i.Id)), later.Select(a => (a.What, a.Image)));
        Assert.Empty(later.Select(a => a.Stream).Intersect(before.Select(a => a.Stream)));
        foreach (var image in images)
            Assert.Equal(image.Id, Assert.Single(await ListAsync(name, new ActFilter { Image = image.Id })).Image);
    }

    [Theory]
    [InlineData("datasets/own/verify?hash=maybe")]
    [InlineData("restore?alikeClasses=maybe")]
    [InlineData("datasets/own/rounds/main/none/end")]
    public async Task What_could_not_be_read_leaves_nothing(string path)
    {
        var (cluster, dataset) = (await EndAsync(null), await EndAsync(MatrixSetup.Own));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", setup.InCluster[Role.Owner]);
        using var response = await setup.Http.SendAsync(request);
        Assert.InRange((int)response.StatusCode, 400, 499);
        Assert.Empty(await SinceAsync(path, cluster, dataset, 0));
    }

    [Fact]
    public async Task The_command_line_tells_acts_in_lines_and_as_json()
    {
        var name = await FillAsync("acts-told");
        string[] key = ["--key", Security.Doors.Door.OperatorKey];
        var lines = await CliProcess.RunAsync(setup.Door.Address, [], ["acts", "--dataset", name, "--since", "1h", .. key]);
        Assert.True(lines.ExitCode == 0, lines.Output);
        var told = lines.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')).ToList();
        Assert.Equal(["dataset-created", "images-added"], told.Select(t => t[4]));
        Assert.All(told, t => Assert.Equal(("service:operator", "127.0.0.1", name), (t[2], t[3], t[5])));
        var json = await CliProcess.RunAsync(
            setup.Door.Address, [], ["acts", "--dataset", name, "--what", "images-added", "--json", .. key]);
        var act = System.Text.Json.JsonSerializer.Deserialize(json.Output, Model.ModelJson.Default.Act)!;
        Assert.Equal((ActKind.ImagesAdded, "8"), (act.What, act.Of));
        foreach (var wrong in new[] { new[] { "--what", "nothing" }, ["--since", "then"], ["--image", act.Stream] })
            Assert.NotEqual(0, (await CliProcess.RunAsync(setup.Door.Address, [], ["acts", .. wrong, .. key])).ExitCode);
    }

    [Theory]
    [InlineData("acts?until=9999-12-31T23:59:59Z")]
    [InlineData("acts?since=0001-01-01T00:00:00Z")]
    [InlineData("acts?since=0001-01-01T00:05:00Z&until=9999-12-31T23:59:59.9999999Z")]
    [InlineData("datasets/own/acts?since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z")]
    public async Task Any_time_that_there_is_may_be_asked_for(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", setup.InCluster[Role.Auditor]);
        using var response = await setup.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    [Trait("kind", "security")]
    public async Task Only_what_was_held_is_given_back_and_told_once()
    {
        var name = await FillAsync("acts-released", 40);
        var ada = setup.Door.As(await setup.Door.HolderAsync("service:acts-back", name, Role.Annotator));
        await Operator.StartRoundAsync(name, new StartRound(10));
        IReadOnlyList<ReviewTask> tasks = [];
        await Until.TrueAsync(async () => (tasks = await ada.LeaseAsync(name, new LeaseRequest { Max = 1 })).Count > 0, Patience,
            () => "there is a task");
        var held = tasks[0].Image;
        ImageId other = default;
        await foreach (var image in Operator.ListImagesAsync(name)) if (image.Id != held) other = image.Id;
        await ada.ReleaseAsync(name, [held, held, other, ImageId.Of("nowhere"u8), held]);
        await ada.ReleaseAsync(name, [held]);
        // Written in turn: once this one is there, so is whatever came before it.
        tasks = await ada.LeaseAsync(name, new LeaseRequest { Max = 1 });
        await Until.TrueAsync(async () => (await ListAsync(name, new ActFilter { What = ActKind.TasksLeased })).Count == 2, Patience,
            () => "both leases are told");
        Assert.Equal([held], (await ListAsync(name, new ActFilter { What = ActKind.TasksReleased })).Select(a => a.Image!.Value));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/datasets/{name}/tasks/release")
        {
            Content = new StringContent($"[{string.Join(',', Enumerable.Repeat($"\"{held}\"", 1_001))}]", System.Text.Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", setup.InCluster[Role.Owner]);
        using var response = await setup.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("acts?what=nothing", "is no act")]
    [InlineData("acts?after=nonsense", "not a place")]
    [InlineData("acts?after=c.-1", "not a place")]
    [InlineData("acts?limit=0", "limit must be 1 to 1000")]
    [InlineData("acts?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since must lie before until")]
    [InlineData("datasets/own/acts?image=cat", "is not an image id")]
    public async Task What_cannot_be_asked_is_refused(string path, string says)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", setup.InCluster[Role.Auditor]);
        using var response = await setup.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(says, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<List<Act>> ListAsync(string? dataset, ActFilter filter)
    {
        var acts = new List<Act>();
        await foreach (var act in Operator.ListActsAsync(dataset, filter)) acts.Add(act);
        return acts;
    }

    private async Task<string> FillAsync(string name, int images = 8)
    {
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await Operator.CreateDatasetAsync(new CreateDataset(name, schema, new DatasetSettings
        {
            Shards = 2,
            AuditSample = 0,
            ProjectionDimensions = 16,
        }));
        await foreach (var _ in Operator.ImportAsync(name, DrawnImages.EnumerateAsync(images))) { }
        await Operator.WaitForScoringAsync(name);
        return name;
    }

    [GeneratedRegex(":[a-z]+}")]
    private static partial Regex Constraint();
}
