using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Review;

/// <summary>A lease is worth no more than what it stands for: a task that its bearer has, of a dataset that is there.</summary>
[Trait("kind", "security")]
public sealed class OutlivedLeaseTests(Server server) : IClassFixture<Server>
{
    [Fact]
    public async Task Who_gave_a_task_back_does_not_answer_it_before_who_has_it()
    {
        var dataset = await server.Client.DatasetAsync(20);
        await server.Client.StartRoundAsync(dataset, new(1));
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var anns = Assert.Single(await ann.TakeAsync(dataset, 1));
        await ann.ReleaseAsync(dataset, [anns.Image]);
        var bobs = Assert.Single(await bob.TakeAsync(dataset, 1));
        var early = await ann.SayAsync(dataset, Answer(anns, "disc"));
        Assert.Equal(SubmitStatus.Refused, early.Status);
        Assert.Contains("You gave this task back", early.Reason, StringComparison.Ordinal);
        Assert.Equal(SubmitStatus.Recorded, (await bob.SayAsync(dataset, Answer(bobs, "frame"))).Status);
        Assert.Equal(SubmitStatus.SecondOpinion, (await ann.SayAsync(dataset, Answer(anns, "disc"))).Status);
        Assert.Equal(["frame"], (await server.Client.GetImageAsync(dataset, anns.Image)).Annotations.Select(a => a.Class));
    }

    [Fact]
    public async Task Who_takes_a_task_again_that_was_given_back_answers_it()
    {
        var dataset = await server.Client.DatasetAsync(20);
        await server.Client.StartRoundAsync(dataset, new(1));
        using var ann = server.As("ann");
        var first = Assert.Single(await ann.TakeAsync(dataset, 1));
        await ann.ReleaseAsync(dataset, [first.Image]);
        var again = Assert.Single(await ann.TakeAsync(dataset, 1));
        Assert.Equal(SubmitStatus.Refused, (await ann.SayAsync(dataset, Answer(first, "disc"))).Status);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(again, "disc"))).Status);
    }

    [Fact]
    public async Task Nothing_of_an_image_outlives_its_dataset_in_memory()
    {
        var dataset = await server.Client.DatasetAsync(20);
        await server.Client.StartRoundAsync(dataset, new(1));
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        // What was given back stays in memory as long as the lease might run.
        var anns = Assert.Single(await ann.TakeAsync(dataset, 1));
        await ann.ReleaseAsync(dataset, [anns.Image]);
        var bobs = Assert.Single(await bob.TakeAsync(dataset, 1));
        await server.Client.WaitForDeletionAsync(await server.Client.DeleteDatasetAsync(dataset));
        var other = new LabelSchema { Classes = [new LabelClass("hund"), new LabelClass("katze")] };
        await server.Client.CreateDatasetAsync(new CreateDataset(dataset, other, LearningServer.Small));
        await server.Client.ImportDrawnAsync(dataset, 20);
        await server.Client.WaitForScoringAsync(dataset);
        await server.Client.StartRoundAsync(dataset, new(20));
        var outlived = await bob.SayAsync(dataset, Answer(bobs, "disc"));
        Assert.Equal(SubmitStatus.Refused, outlived.Status);
        // By its own schema, and under leases of its own.
        var task = (await ann.TakeAsync(dataset, 20)).Single(t => t.Image == anns.Image);
        Assert.Equal(SubmitStatus.Recorded, (await ann.SayAsync(dataset, Answer(task, "hund"))).Status);
        Assert.Equal(["hund"], (await server.Client.GetImageAsync(dataset, anns.Image)).Annotations.Select(a => a.Class));
    }

    [Fact]
    public async Task A_lease_ends_with_its_dataset_though_another_bears_its_name()
    {
        var dataset = await server.Client.DatasetAsync(20);
        await server.Client.StartRoundAsync(dataset, new(1));
        var old = Assert.Single(await server.Client.TakeAsync(dataset, 1));
        await server.Client.WaitForDeletionAsync(await server.Client.DeleteDatasetAsync(dataset));
        // With the same classes and others, and with another period, from which a lease cannot be told to be older.
        var other = new LabelSchema { Classes = [.. LearningServer.Schema.Classes, new LabelClass("other")] };
        await server.Client.CreateDatasetAsync(new CreateDataset(
            dataset, other, LearningServer.Small with { LeasePeriod = TimeSpan.FromSeconds(5) }));
        await server.Client.ImportDrawnAsync(dataset, 20);
        Assert.Empty((await server.Client.GetImageAsync(dataset, old.Image)).History);
        var outlived = await server.Client.SayAsync(dataset, Answer(old, "disc"));
        Assert.Equal(SubmitStatus.Refused, outlived.Status);
        Assert.Contains("of another dataset, which bore this name before", outlived.Reason, StringComparison.Ordinal);
        Assert.Empty((await server.Client.GetImageAsync(dataset, old.Image)).History);
    }
}
