using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Training;
using Winnow.Testing;
using static Winnow.Cluster.Tests.Backbones.TwoBackbones;

namespace Winnow.Cluster.Tests.Backbones;

/// <summary>A second backbone is made beside the one that serves, whatever happens meanwhile, and either may serve.</summary>
public sealed class BackboneTests
{
    private const int Images = 240;

    [Fact]
    public async Task Rounds_go_on_in_the_space_that_serves_and_the_one_before_comes_back_as_it_was()
    {
        await using var two = await StartAsync(Images);
        var client = two.Client;
        var first = await two.RoundAsync(30);
        Assert.Equal(First, first.Model!.Backbone);
        var narrow = await two.ScoresAsync();
        Assert.All(narrow.Values, s => Assert.StartsWith("main/1 ", s, StringComparison.Ordinal));

        // Nothing of it is seen while it is made, and a switch is refused until it is.
        await client.AddBackboneAsync(Dataset, Second);
        await two.ReadyAsync(Second);
        Assert.Equal(narrow, await two.ScoresAsync());
        var made = await two.BackboneAsync(Second);
        Assert.Equal((Images, Images, Images, 0, null), (made.Images, made.Embedded, made.Projected, made.Scored, made.Model));

        var compared = await client.CompareBackbonesAsync(Dataset);
        Assert.Equal([First, Second], compared.Backbones.Select(b => b.Name));
        Assert.Equal([(true, (32 + 16) * 2 + 20), (false, (56 + 16) * 2 + 20)],
            compared.Backbones.Select(b => (b.Serves, b.BytesPerImage)));
        Assert.Equal(50, compared.Labels);
        // Whether the figures are right is asked where a backbone sees more: see SpacesTests.
        Assert.All(compared.Backbones, b => Assert.InRange(b.Accuracy!.Value, b.AccuracyLower!.Value, b.AccuracyUpper!.Value));
        Assert.All(compared.Backbones, b => Assert.True(b.ImagesPerSecond > 0 && b.Unusable == 0));
        Assert.NotNull(compared.Backbones[1].PValue);

        // After the switch there is no model until a round has made one, and that one's head is of the new vectors.
        var switching = Guid.NewGuid();
        Assert.Equal(BackboneStage.Serving, (await client.SwitchBackboneAsync(Dataset, Second, switching)).Stage);
        Assert.All((await two.ScoresAsync()).Values, s => Assert.DoesNotContain("main/1", s, StringComparison.Ordinal));
        Assert.Empty((await client.GetStatusAsync(Dataset)).Champions);
        var second = await two.RoundAsync(20);
        Assert.Equal((Second, true), (second.Model!.Backbone, second.Promoted));
        Assert.NotEqual(first.Model.ProjectionSha256, second.Model.ProjectionSha256);
        // What people said before teaches it too.
        Assert.Equal(first.Labels + 20, second.Labels);
        var wide = await two.ScoresAsync();
        Assert.All(wide.Values, s => Assert.StartsWith("main/2 ", s, StringComparison.Ordinal));

        // Images that come now are scored in both: by the model that serves, and behind it by the one before.
        await two.ImportAsync(40, Images);
        await client.WaitForScoringAsync(Dataset);
        BackboneInfo? behind = null;
        await Until.TrueAsync(async () => (behind = await two.BackboneAsync(First)).Scored == Images + 40, Patience,
            () => $"it follows: {behind}");
        Assert.Equal("main/1", behind!.Model);

        await client.SwitchBackboneAsync(Dataset, First);
        var back = await two.ScoresAsync();
        Assert.Equal(Images + 40, back.Count);
        Assert.All(narrow, before => Assert.Equal(before.Value, back[before.Key]));
        Assert.Equal("main/1", (await client.GetStatusAsync(Dataset)).Champions.Single().Name);
        // A command that was sent once more, late, switches nothing.
        await client.SwitchBackboneAsync(Dataset, Second, switching);
        Assert.Equal(BackboneStage.Serving, (await two.BackboneAsync(First)).Stage);

        await two.Silo.KillAsync();
        await two.Silo.StartAgainAsync();
        Assert.Equal(back, await two.ScoresAsync());
        Assert.Equal(BackboneStage.Ready, (await two.BackboneAsync(Second)).Stage);
        var third = await two.RoundAsync(10);
        Assert.Equal((First, second.Labels + 10), (third.Model!.Backbone, third.Labels));
        await two.VerifyAsync();
    }

    [Fact]
    [Trait("kind", "failover")]
    public async Task A_dropped_one_leaves_nothing()
    {
        await using var two = await StartAsync(Images);
        await two.RoundAsync(20);
        var sound = await two.VerifyAsync();
        var before = sound.Objects;
        var scores = await two.ScoresAsync();
        await two.Client.AddBackboneAsync(Dataset, Second);
        await two.ReadyAsync(Second);
        Assert.True((await two.VerifyAsync()).Objects > before);

        Assert.Equal(BackboneStage.Dropped, (await two.Client.DropBackboneAsync(Dataset, Second)).Stage);
        await Until.TrueAsync(
            async () => (await two.Client.ListBackbonesAsync(Dataset)).Count == 1, Patience, () => "what it made is removed");
        var report = await two.VerifyAsync();
        Assert.Equal(before, report.Objects);
        Assert.Equal(Superseded(sound), Superseded(report));
        Assert.Equal(scores, await two.ScoresAsync());

        // It may be made again; and after a switch the one that the dataset was created with may go.
        await two.Client.AddBackboneAsync(Dataset, Second);
        await two.ReadyAsync(Second);
        await two.Client.SwitchBackboneAsync(Dataset, Second);
        await two.Client.DropBackboneAsync(Dataset, First);
        await Until.TrueAsync(
            async () => (await two.Client.ListBackbonesAsync(Dataset)).Count == 1, Patience, () => "what the first made is removed");
        Assert.Equal(Second, (await two.RoundAsync(10)).Model!.Backbone);
        // A round leaves a head without its temperature, and nothing else is left of the first.
        Assert.All(Superseded(await two.VerifyAsync()), key => Assert.Contains("/models/", key, StringComparison.Ordinal));
        var files = Directory.GetFiles(two.Silo.Folder, "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files,
            f => f.Contains($"/embedding/{First}/", StringComparison.Ordinal) || f.Contains("/scores/main-1/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_crash_in_the_middle_costs_what_was_not_published()
    {
        const int Many = 800;
        await using var two = await StartAsync(Many, side: 128);
        var narrow = (await two.RoundAsync(20)).Model!.Name;
        await two.Client.AddBackboneAsync(Dataset, Second);
        await two.UnderWayAsync(Second, 128);
        await two.Silo.KillAsync();
        await two.Silo.StartAgainAsync();
        // What was published is there when its shards have opened, and new images come meanwhile.
        await Until.TrueAsync(async () => (await two.BackboneAsync(Second)).Embedded >= 64, Patience, () => "it goes on");
        await two.ImportAsync(40, Many);
        await two.ReadyAsync(Second);
        Assert.Equal(narrow, (await two.Client.GetStatusAsync(Dataset)).Champions.Single().Name);
        await two.VerifyAsync();
        await two.Client.SwitchBackboneAsync(Dataset, Second);
        Assert.Equal(Second, (await two.RoundAsync(20)).Model!.Backbone);
        Assert.Equal(0, (await two.Client.GetStatusAsync(Dataset)).ScoringBacklog);
    }

    [Fact]
    [Trait("kind", "failover")]
    public async Task Shards_are_doubled_while_it_is_made_and_while_it_waits()
    {
        const int Many = 800;
        await using var two = await StartAsync(Many, side: 128);
        await two.RoundAsync(20);
        await two.Client.AddBackboneAsync(Dataset, Second);
        await two.UnderWayAsync(Second, 128);
        await SplitAsync(two.Client, 4);
        await two.ReadyAsync(Second);
        await two.Client.SwitchBackboneAsync(Dataset, Second);
        await two.RoundAsync(20);
        var wide = await two.ScoresAsync();
        await two.Client.SwitchBackboneAsync(Dataset, First);
        var narrow = await two.ScoresAsync();

        await SplitAsync(two.Client, 8);
        Assert.Equal(narrow, await two.ScoresAsync());
        await two.Client.SwitchBackboneAsync(Dataset, Second);
        Assert.Equal(wide, await two.ScoresAsync());
        await Until.TrueAsync(
            async () => (await two.Client.GetDatasetAsync(Dataset)).Layout is { Superseded: null }, Patience, () =>
                "the old shards are removed");
        await two.VerifyAsync();
    }

    [Fact]
    [Trait("kind", "failover")]
    public async Task A_backup_carries_all_of_them()
    {
        await using var two = await StartAsync(Images);
        await two.RoundAsync(20);
        await two.Client.AddBackboneAsync(Dataset, Second);
        await two.ReadyAsync(Second);
        await two.Client.SwitchBackboneAsync(Dataset, Second);
        await two.RoundAsync(20);
        var wide = await two.ScoresAsync();
        using var backup = new MemoryStream();
        await using (var stream = await two.Client.OpenBackupAsync(Dataset)) await stream.CopyToAsync(backup);
        backup.Position = 0;
        var restored = await two.Client.RestoreStreamAsync(backup, "again");
        Assert.Equal(0, restored.Missing);

        Assert.Equal(wide, await two.ScoresAsync("again"));
        var backbones = await two.Client.ListBackbonesAsync("again");
        Assert.Equal(
            [(First, BackboneStage.Ready, "main/1"), (Second, BackboneStage.Serving, "main/2")],
            backbones.Select(b => (b.Name, b.Stage, b.Model!)));
        await two.Client.SwitchBackboneAsync("again", First);
        await two.Client.SwitchBackboneAsync(Dataset, First);
        Assert.Equal(await two.ScoresAsync(), await two.ScoresAsync("again"));
        // Deleted with all that any of them made: see DeletionTests for the rest.
        await two.Client.WaitForDeletionAsync(await two.Client.DeleteDatasetAsync(Dataset));
        var left = Directory.GetFiles(two.Silo.Folder, "*", SearchOption.AllDirectories)
            .Where(f => f.Contains($"/{Dataset}/", StringComparison.Ordinal));
        Assert.Empty(left);
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_with_what_to_do()
    {
        await using var two = await StartAsync(60);
        var client = two.Client;
        async Task RefusedAsync(Func<Task> call, string with, HttpStatusCode status = HttpStatusCode.BadRequest)
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(call);
            Assert.Equal(status, refused.Status);
            Assert.Contains(with, refused.Message, StringComparison.Ordinal);
        }

        await RefusedAsync(() => client.AddBackboneAsync(Dataset, "nobody-knows"), "No backbone is called 'nobody-knows'");
        await RefusedAsync(() => client.AddBackboneAsync(Dataset, "../up"), "A backbone's name has");
        await RefusedAsync(() => client.SwitchBackboneAsync(Dataset, Second), "Add it first ('winnow backbones add drawn wide')");
        await RefusedAsync(() => client.DropBackboneAsync(Dataset, Second), "has no backbone", HttpStatusCode.NotFound);
        await RefusedAsync(() => client.DropBackboneAsync(Dataset, First), "Switch to another one first");
        // The one that serves already, and one that is there already, are answered as they are.
        Assert.Equal(BackboneStage.Serving, (await client.SwitchBackboneAsync(Dataset, First)).Stage);
        Assert.Equal(BackboneStage.Serving, (await client.AddBackboneAsync(Dataset, First)).Stage);

        var operation = Guid.NewGuid();
        await client.AddBackboneAsync(Dataset, Second, operation);
        await client.AddBackboneAsync(Dataset, Second, operation);
        await RefusedAsync(() => client.DropBackboneAsync(Dataset, Second, operation), "was used before", HttpStatusCode.Conflict);
        await two.ReadyAsync(Second);
        var round = await client.StartRoundAsync(Dataset, new StartRound(10));
        await RefusedAsync(() => client.SwitchBackboneAsync(Dataset, Second), "Round 1 of arm 'main' is under way on 'narrow'");
        await client.EndRoundAsync(Dataset, round.Arm, round.Number);
        await client.WaitForRoundAsync(Dataset, round.Arm, round.Number);
        Assert.Equal(BackboneStage.Serving, (await client.SwitchBackboneAsync(Dataset, Second)).Stage);
    }

    private static IReadOnlyList<string> Superseded(VerificationReport report) =>
        report.Findings.FirstOrDefault(f => f.Kind == FindingKind.Superseded)?.Samples ?? [];

    private static async Task SplitAsync(WinnowClient client, int shards)
    {
        await client.SplitAsync(Dataset, shards);
        await Until.TrueAsync(
            async () => (await client.GetStatusAsync(Dataset)) is { Split: null } status && status.Shards == shards, Patience,
            () => $"there are {shards} shards");
    }
}
