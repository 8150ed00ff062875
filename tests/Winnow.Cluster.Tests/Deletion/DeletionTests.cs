using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Deletion;

/// <summary>
/// A dataset with something of everything is deleted from real silos: nobody sees it from the first answer on, and when it is gone the
/// stores hold what they held before, and one row that says who did it.
/// </summary>
public sealed class DeletionTests
{
    private const string Kept = "kept", Doomed = "doomed";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly LabelSchema Schema = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    [Fact]
    [Trait("kind", "failover")]
    public async Task A_folder_is_as_it_was()
    {
        await using var silo = await SiloProcess.StartAsync();
        await using var stored = new StoredThings.Embedded(silo.Folder);
        await DeleteAllAsync(silo.Client, stored);
    }

    [Fact]
    [Trait("needs", "postgres")]
    [Trait("needs", "s3")]
    public async Task A_database_and_a_bucket_are_as_they_were()
    {
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var (s3, bucket) = (await S3Server.SharedAsync(), S3Server.NewBucket());
        await using var cluster = new SiloCluster(database, s3, bucket);
        await cluster.StartAsync(2);
        using var client = cluster.NewClient("test");
        await using var stored = new StoredThings.Shared(database, s3, bucket);
        await DeleteAllAsync(client, stored);
    }

    [Fact]
    public async Task Killed_again_and_again_it_ends_all_the_same()
    {
        await using var silo = await SiloProcess.StartAsync();
        await using var stored = new StoredThings.Embedded(silo.Folder);
        await MakeAsync(silo.Client, Kept, 30);
        var (rows, objects) = (await stored.CountRowsAsync(), await stored.ListObjectsAsync());
        await MakeAsync(silo.Client, Doomed, 900);
        var deletion = await silo.Client.DeleteDatasetAsync(Doomed);
        var kills = 0;
        // At once, and as soon as it is there again; and then whenever it has come further.
        for (var last = deletion; deletion.EndedAt is null; last = deletion)
        {
            await silo.KillAsync();
            await silo.StartAgainAsync();
            if (++kills < 2) continue;
            Assert.DoesNotContain(Doomed, (await silo.Client.ListDatasetsAsync()).Select(d => d.Name));
            await Until.TrueAsync(async () =>
            {
                deletion = await silo.Client.GetDeletionAsync(Doomed);
                return deletion.EndedAt is not null || deletion.Objects + deletion.Rows > last.Objects + last.Rows;
            }, Limit, () => $"the deletion goes on after a kill: {deletion}\n{silo.Output}");
        }
        await SameAsync(stored, rows, objects);
        Assert.Equal(30, (await silo.Client.GetStatusAsync(Kept)).Images);
    }

    [Fact]
    public async Task The_command_asks_first_and_follows_it_to_its_end()
    {
        await using var silo = await SiloProcess.StartAsync();
        await MakeAsync(silo.Client, Doomed, 30);
        var asked = await CliProcess.RunAsync(silo.Url, [], "datasets", "delete", Doomed);
        Assert.Equal(2, asked.ExitCode);
        Assert.Contains("--yes", asked.Errors, StringComparison.Ordinal);
        Assert.Equal(30, (await silo.Client.GetStatusAsync(Doomed)).Images);
        var done = await CliProcess.RunAsync(silo.Url, [], "datasets", "delete", Doomed, "--yes");
        Assert.True(done.ExitCode == 0, done.Errors);
        Assert.Contains("its name is free", done.Output, StringComparison.Ordinal);
        Assert.Contains(Doomed, (await CliProcess.RunAsync(silo.Url, [], "datasets", "deletions")).Output, StringComparison.Ordinal);
        var verified = await CliProcess.RunAsync(silo.Url, [], "verify", Doomed);
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
        var again = await CliProcess.RunAsync(silo.Url, [], "datasets", "delete", Doomed, "--yes");
        Assert.NotEqual(0, again.ExitCode);
        Assert.Contains("There is no dataset", again.Errors, StringComparison.Ordinal);
    }

    private static async Task DeleteAllAsync(WinnowClient client, StoredThings stored)
    {
        await MakeAsync(client, Kept, 30);
        await client.ReleaseAsync(Kept, [.. (await client.LeaseAsync(Kept, new LeaseRequest(1, 0))).Select(t => t.Image)]);
        var (rows, objects) = (await stored.CountRowsAsync(), await stored.ListObjectsAsync());
        await MakeAsync(client, Doomed, 120);
        var round = await LearnAsync(client);
        Assert.True((await stored.ListObjectsAsync()).Length > objects.Length + 120);
        // One round has ended, another waits for people.
        var waiting = await client.StartRoundAsync(Doomed, new StartRound(5));
        var before = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        var deletion = await client.DeleteDatasetAsync(Doomed);
        Assert.Equal((Doomed, null), (deletion.Dataset, deletion.EndedAt));
        Assert.InRange(deletion.DeletedAt, before, before.AddMinutes(10));
        // Asked for at this moment, it is not there; and whoever wants it deleted too is answered alike.
        await GoneAsync(() => client.GetDatasetAsync(Doomed));
        await GoneAsync(() => client.GetStatusAsync(Doomed));
        await GoneAsync(() => client.GetRoundAsync(Doomed, waiting.Arm, waiting.Number));
        await GoneAsync(() => client.LeaseAsync(Doomed, new LeaseRequest(1, 0)));
        await GoneAsync(() => client.StartRoundAsync(Doomed, new StartRound(5)));
        Assert.Equal([Kept], (await client.ListDatasetsAsync()).Select(d => d.Name));
        if (await client.GetDeletionAsync(Doomed) is { EndedAt: null })
        {
            var taken = await Assert.ThrowsAsync<WinnowApiException>(() => MakeAsync(client, Doomed, 1));
            Assert.Contains("being deleted", taken.Message, StringComparison.Ordinal);
            var again = await client.DeleteDatasetAsync(Doomed);
            Assert.Equal((deletion.DeletedBy, deletion.DeletedAt), (again.DeletedBy, again.DeletedAt));
        }
        var ended = await client.WaitForDeletionAsync(deletion);
        Assert.NotNull(ended.EndedAt);
        Assert.True(ended is { Objects: > 120, Rows: > 120 }, $"{ended}");
        await SameAsync(stored, rows, objects);
        await GoneAsync(() => client.DeleteDatasetAsync(Doomed));
        Assert.Equal([ended], await client.ListDeletionsAsync());
        VerificationReport? report = null;
        await foreach (var step in client.VerifyAsync(Doomed)) report = step.Report;
        Assert.True(report is { Sound: true, Objects: 0 }, $"{report}");
        // The name is free, and who bears it next begins with nothing: no round, no image, nobody's access.
        await MakeAsync(client, Doomed, 30);
        Assert.Equal(30, (await client.GetStatusAsync(Doomed)).Images);
        Assert.Empty(await client.ListRoundsAsync(Doomed));
        Assert.Empty(await client.ListAccessAsync(Doomed));
        Assert.True(round.Labels > 0);
    }

    /// <summary>What is there is what was there, but for one row: that it was deleted, with who had access.</summary>
    private static async Task SameAsync(StoredThings stored, SortedDictionary<string, long> rows, string[] objects)
    {
        rows["deletion"] = 1;
        Assert.Equal(rows, await stored.CountRowsAsync());
        Assert.Equal(objects, await stored.ListObjectsAsync());
        Assert.Equal([Doomed], await stored.TextsAsync("SELECT name FROM deletion"));
    }

    private static async Task GoneAsync(Func<Task> call) =>
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<WinnowApiException>(call)).Status);

    private static async Task MakeAsync(WinnowClient client, string name, int images)
    {
        var settings = new DatasetSettings { Shards = 2, AuditSample = 5, ProjectionDimensions = 16 };
        await client.CreateDatasetAsync(new CreateDataset(name, Schema, settings));
        await foreach (var result in client.ImportAsync(name, DrawnImages.EnumerateAsync(images))) Assert.NotNull(result.Id);
        await client.WaitForScoringAsync(name);
    }

    private static Decision LabelOf(string name) => new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(name.Split('/')[0])] };

    /// <summary>A round that people answer, a version and somebody who has access.</summary>
    private static async Task<RoundInfo> LearnAsync(WinnowClient client)
    {
        await client.GrantAccessAsync(Doomed, new GrantAccess(Principal.Parse("person:ann"), Role.Viewer));
        var round = await client.StartRoundAsync(Doomed, new StartRound(20));
        await Until.TrueAsync(async () =>
        {
            var tasks = await client.LeaseAsync(Doomed, new LeaseRequest(20, 200));
            await client.SubmitAsync(Doomed, [.. tasks.Select(t => new SubmitDecision(t.Image, Guid.NewGuid(), LabelOf(t.Name), t.Lease))]);
            return (await client.GetRoundAsync(Doomed, round.Arm, round.Number)).Step > RoundStep.Review;
        }, Limit, () => "people have answered all");
        var ended = await client.WaitForRoundAsync(Doomed, round.Arm, round.Number);
        await client.CreateVersionAsync(Doomed, new CreateVersion("last"));
        return ended;
    }
}
