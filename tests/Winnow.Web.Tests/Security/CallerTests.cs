using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Security;

/// <summary>Who a caller is: what history says of it, what a key is worth over its life, and what never gets into a log.</summary>
[Trait("kind", "security")]
public sealed class CallerTests(LockedServer server) : IClassFixture<LockedServer>
{
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    private static CreateDataset Command(string name) =>
        new(name, Schema, new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 });

    private async Task<string> DatasetAsync() =>
        (await server.Operator.CreateDatasetAsync(Command("d" + Guid.NewGuid().ToString("n")[..12]))).Name;

    private static SubmitDecision Correction(ImageId image, long version, string label) =>
        new(image, Guid.NewGuid(), new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(label)] },
        ExpectedVersion: version);

    private static async Task<HttpStatusCode> StatusOf(Task call) => (await Assert.ThrowsAsync<WinnowApiException>(() => call)).Status;

    private static async Task<ImageId> ImportAsync(WinnowClient client, string dataset, int index = 1)
    {
        await foreach (var result in client.ImportAsync(dataset, DrawnImages.EnumerateAsync(1, index, labelled: true)))
            return result.Id!.Value;
        throw new InvalidOperationException("Nothing was taken in.");
    }

    [Fact]
    public async Task History_names_the_principal_and_whom_it_acts_for()
    {
        var dataset = await DatasetAsync();
        foreach (var (who, role) in new[] { ("service:feed", Role.Ingester), ("service:lead", Role.Verifier),
            ("service:screen", Role.Owner) }) await server.GrantAsync(dataset, who, role);
        var feed = server.As(await server.KeyAsync("service:feed"), actor: "service:feed");
        var lead = server.As(await server.KeyAsync("service:lead"));
        var screen = server.As(
            await server.KeyAsync("service:screen",
                new KeyScope(Permissions: [Permission.ReadImages, Permission.ReviewTasks, Permission.CorrectDecisions,
                    Permission.ActForOthers])), actor: "alice");
        var unnamed = server.As(await server.KeyAsync("service:screen"));

        var image = await ImportAsync(feed, dataset);
        Assert.Equal(SubmitStatus.Recorded, (await lead.SubmitAsync(dataset, [Correction(image, 0, "bars")]))[0].Status);
        Assert.Equal(SubmitStatus.Recorded, (await screen.SubmitAsync(dataset, [Correction(image, 1, "disc")]))[0].Status);
        Assert.Equal(SubmitStatus.Recorded, (await unnamed.SubmitAsync(dataset, [Correction(image, 2, "bars")]))[0].Status);
        Assert.Equal(SubmitStatus.Recorded, (await server.Operator.SubmitAsync(dataset, [Correction(image, 3, "disc")]))[0].Status);
        var history = (await screen.GetImageAsync(dataset, image)).History;
        Assert.Equal(["service:feed", "service:lead", "service:screen for alice", "service:screen", "service:operator"],
            history.Select(h => h.Actor));
    }

    [Fact]
    public async Task Who_may_not_act_for_others_and_names_somebody_is_refused_with_what_is_missing()
    {
        var dataset = await DatasetAsync();
        await server.GrantAsync(dataset, "service:scr", Role.Annotator);
        await server.GrantAsync(dataset, "service:own", Role.Owner);
        Permission[] named = [Permission.ReadDataset, Permission.ReadImages, Permission.ReviewTasks, Permission.ActForOthers];
        var made = await server.Operator.CreateKeyAsync(
            new CreateApiKey(Principal.Parse("service:scr"), Scope: new KeyScope([dataset], named)));
        Assert.Equal([Permission.ActForOthers], made.NotHeld);
        async Task RefusedAsync(string key, params string[] missing)
        {
            var alice = server.As(key, actor: "alice");
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => alice.GetDatasetAsync(dataset));
            Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
            Assert.All([.. missing, "'alice'"], part => Assert.Contains(part, refused.Message, StringComparison.Ordinal));
            // Where nothing is asked of a dataset nothing is recorded.
            await alice.WhoamiAsync();
        }
        await RefusedAsync(made.Key, "a role of service:scr here that holds the permission act-for-others (owner). Nothing was done.");
        await RefusedAsync(await server.KeyAsync("service:own"), "is lacking a key that names act-for-others");
        await RefusedAsync(await server.KeyAsync("service:own", new KeyScope(Permissions: [Permission.ReadDataset])),
            "is lacking act-for-others among the permissions of the key");
        await RefusedAsync(await server.KeyAsync("service:scr"), "a role of service:scr", "a key that names act-for-others");
        Assert.Equal(dataset, (await server.As(made.Key).GetDatasetAsync(dataset)).Name);
        Assert.Equal(dataset, (await server.As(made.Key, actor: "service:scr").GetDatasetAsync(dataset)).Name);

        var screen = await server.Operator.CreateKeyAsync(
            new CreateApiKey(Principal.Parse("service:own"), Scope: new KeyScope([dataset], named)));
        Assert.Null(screen.NotHeld);
        Assert.Equal(dataset, (await server.As(screen.Key, actor: "alice").GetDatasetAsync(dataset)).Name);
        var told = await CliProcess.RunAsync(server.Address, [],
            "keys", "create", "service:scr", "--key", LockedServer.OperatorKey, "--permissions", "act-for-others", "review-tasks");
        Assert.Equal(0, told.ExitCode);
        Assert.Contains("note: no role of service:scr gives act-for-others, so the key does not carry it until one does; "
            + "act-for-others is held by owners.", told.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everybody_may_change_their_own_word_and_others_only_with_the_permission()
    {
        var dataset = await DatasetAsync();
        // So that a round has something to look at, and only what is opened again to choose.
        await foreach (var _ in server.Operator.ImportAsync(dataset, DrawnImages.EnumerateAsync(30, 100, labelled: true)))
        {
        }
        foreach (var (who, role) in new[] { ("service:ann", Role.Annotator), ("service:bob", Role.Annotator),
            ("service:eve", Role.Verifier) }) await server.GrantAsync(dataset, who, role);
        var ann = server.As(await server.KeyAsync("service:ann"));
        var bob = server.As(await server.KeyAsync("service:bob"));
        var eve = server.As(await server.KeyAsync("service:eve"));
        var image = await ImportAsync(server.Operator, dataset);
        async Task RefusedAsync(WinnowClient client, SubmitDecision decision)
        {
            var refused = Assert.Single(await client.SubmitAsync(dataset, [decision]));
            Assert.Equal(SubmitStatus.Refused, refused.Status);
            Assert.Contains("correct-decisions", refused.Reason, StringComparison.Ordinal);
        }
        async Task RecordedAsync(WinnowClient client, SubmitDecision decision) =>
            Assert.Equal(SubmitStatus.Recorded, Assert.Single(await client.SubmitAsync(dataset, [decision])).Status);
        SubmitDecision TakeBack(long of, long seen) =>
            new(image, Guid.NewGuid(), new Decision { Kind = DecisionKind.TakeBack, Of = of }, ExpectedVersion: seen);
        async Task<string> LabelAsync() => Assert.Single((await ann.GetImageAsync(dataset, image)).Annotations).Class;

        // What came with the image is nobody's word.
        await RefusedAsync(ann, Correction(image, 0, "bars"));
        Assert.Single((await ann.GetImageAsync(dataset, image)).History);

        await server.Operator.AskAgainAsync(dataset, image);
        await server.Operator.WaitForScoringAsync(dataset);
        await server.Operator.StartRoundAsync(dataset, new StartRound(1));
        var task = Assert.Single(await ann.TakeAsync(dataset, 1));
        await RecordedAsync(ann, new SubmitDecision(
            image, Guid.NewGuid(), new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("disc")] }, task.Lease));
        await RefusedAsync(bob, Correction(image, 2, "bars"));
        await RefusedAsync(bob, TakeBack(2, 2));
        await RefusedAsync(ann, TakeBack(1, 2));
        await RefusedAsync(ann, new SubmitDecision(
            image, Guid.NewGuid(), new Decision { Kind = DecisionKind.AskAgain }, ExpectedVersion: 2));

        // Her own she may change, as often as she likes.
        await RecordedAsync(ann, Correction(image, 2, "frame"));
        await RecordedAsync(ann, TakeBack(3, 3));
        Assert.Equal("disc", await LabelAsync());

        // A verifier may change it, and then it is hers no more. Her own entry she may take back still, and that changes nothing.
        await RecordedAsync(eve, Correction(image, 4, "bars"));
        await RefusedAsync(ann, Correction(image, 5, "frame"));
        await RecordedAsync(ann, TakeBack(2, 5));
        Assert.Equal("bars", await LabelAsync());
        await RecordedAsync(eve, TakeBack(5, 6));
        Assert.Empty((await ann.GetImageAsync(dataset, image)).Annotations);
    }

    [Fact]
    public async Task A_round_remembers_who_started_it()
    {
        var dataset = await DatasetAsync();
        await server.GrantAsync(dataset, "service:trainer", Role.Engineer);
        var trainer = server.As(await server.KeyAsync("service:trainer"));
        await trainer.StartRoundAsync(dataset, new StartRound(5));
        Assert.Equal("service:trainer", (await server.Operator.GetRoundAsync(dataset, Arms.Main, 1)).StartedBy);
    }

    [Fact]
    public async Task A_key_opens_nothing_from_the_moment_it_is_revoked()
    {
        var dataset = await DatasetAsync();
        await server.GrantAsync(dataset, "service:short", Role.Viewer);
        var made = await server.Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:short"), "for a while"));
        var client = server.As(made.Key);
        await client.GetDatasetAsync(dataset);
        var listed = (await server.Operator.ListKeysAsync()).Single(k => k.Id == made.Info.Id);
        Assert.Equal(("for a while", "service:operator"), (listed.Description, listed.CreatedBy));
        Assert.NotNull(listed.LastUsedAt);
        var revoked = await server.Operator.RevokeKeyAsync(made.Info.Id);
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => client.GetDatasetAsync(dataset));
        Assert.Equal((HttpStatusCode.Unauthorized, $"The key {made.Info.Id} was revoked."), (refused.Status, refused.Message));
        Assert.Equal(revoked, await server.Operator.RevokeKeyAsync(made.Info.Id));
        Assert.Equal(HttpStatusCode.NotFound, await StatusOf(server.Operator.RevokeKeyAsync("0000000000000000")));
    }

    [Fact]
    public async Task A_role_opens_nothing_from_the_moment_it_is_revoked_and_a_person_waits_to_be_vetted()
    {
        var dataset = await DatasetAsync();
        var name = new GrantName(Principal.Parse("person:ann"), Role.Viewer);
        var ann = server.As(await server.KeyAsync("person:ann"));
        Assert.Equal(GrantState.Pending, (await server.GrantAsync(dataset, "person:ann", Role.Viewer)).State);
        Assert.Equal(HttpStatusCode.NotFound, await StatusOf(ann.GetDatasetAsync(dataset)));
        Assert.Equal("service:operator", (await server.Operator.VetAccessAsync(dataset, name)).VettedBy);
        Assert.Equal(dataset, (await ann.GetDatasetAsync(dataset)).Name);
        Assert.Equal([new HeldRole(dataset, Role.Viewer)], (await ann.WhoamiAsync()).Roles);
        await server.Operator.RevokeAccessAsync(dataset, name);
        Assert.Equal(HttpStatusCode.NotFound, await StatusOf(ann.GetDatasetAsync(dataset)));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf(server.Operator.VetAccessAsync(dataset, name)));
        // Who comes back is vetted anew.
        Assert.Equal(GrantState.Pending, (await server.GrantAsync(dataset, "person:ann", Role.Viewer)).State);
        var changes = await server.Operator.ListAccessChangesAsync(dataset);
        Assert.Equal([AccessAct.Founded, AccessAct.Granted, AccessAct.Vetted, AccessAct.Revoked, AccessAct.Granted],
            changes.Select(c => c.Act));
        Assert.Equal([1, 2, 3, 4, 5], changes.Select(c => c.Number));
        Assert.All(changes, c => Assert.Equal("service:operator", c.Actor));
    }

    [Fact]
    public async Task Who_creates_a_dataset_owns_it_and_who_asks_for_it_again_does_not()
    {
        await server.GrantAsync(AccessScope.Cluster, "service:first", Role.Engineer);
        await server.GrantAsync(AccessScope.Cluster, "service:second", Role.Engineer);
        var first = server.As(await server.KeyAsync("service:first"));
        var second = server.As(await server.KeyAsync("service:second"));
        var made = await first.CreateDatasetAsync(Command("founded"));
        Assert.Equal("service:first", made.CreatedBy);
        Assert.Equal(made.CreatedAt, (await second.CreateDatasetAsync(Command("founded"))).CreatedAt);
        Assert.Equal(["service:first"], (await first.ListAccessAsync("founded")).Select(g => g.Principal.ToString()));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf(second.ListAccessAsync("founded")));
        // Access that was given up stays so, whoever repeats the request.
        await server.Operator.RevokeAccessAsync("founded", new GrantName(Principal.Parse("service:first"), Role.Owner));
        await first.CreateDatasetAsync(Command("founded"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf(first.ListAccessAsync("founded")));
    }

    [Fact]
    public async Task Keys_are_refused_that_would_be_wider_or_longer_than_they_should()
    {
        Task<CreatedApiKey> Make(string principal, KeyScope? scope = null, DateTimeOffset? expires = null, WinnowClient? by = null) =>
            (by ?? server.Operator).CreateKeyAsync(new CreateApiKey(Principal.Parse(principal), "", scope, expires));
        var now = TimeProvider.System.GetUtcNow();
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf(Make("service:operator")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf(Make("service:x", expires: now.AddDays(-1))));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf(Make("service:x", expires: now.AddDays(800))));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf(Make("service:x", new KeyScope(Datasets: []))));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusOf(Make("service:x", new KeyScope(Datasets: ["NOT A NAME"]))));
        Assert.InRange((await Make("service:x")).Info.ExpiresAt, now.AddDays(90), now.AddDays(90).AddMinutes(5));
        await server.GrantAsync(AccessScope.Cluster, "service:keysmith", Role.Owner);
        var narrow = server.As(await server.KeyAsync("service:keysmith", new KeyScope(Permissions: [Permission.ManageKeys])));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf(Make("service:keysmith", by: narrow)));
    }

    [Fact]
    public async Task No_key_and_no_secret_of_one_is_ever_logged()
    {
        var good = await server.KeyAsync("service:logged");
        var wrong = good[..30] + (good[30] == '0' ? '1' : '0') + good[31..];
        var madeUp = Web.Security.KeyText.Make().Text;
        Assert.Equal("service:logged", (await server.As(good).WhoamiAsync()).Principal!.ToString());
        foreach (var bad in new[] { wrong, madeUp, LockedServer.OperatorKey + "x" })
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusOf(server.As(bad).WhoamiAsync()));
        Assert.Contains(server.Log, line => line.Contains("was not let in: key, key " + madeUp[4..20], StringComparison.Ordinal));
        foreach (var key in new[] { good, wrong, madeUp, LockedServer.OperatorKey })
            Assert.DoesNotContain(server.Log,
                line => line.Contains(key[21..], StringComparison.Ordinal) || line.Contains(key[..21] + key[21], StringComparison.Ordinal));
    }
}
