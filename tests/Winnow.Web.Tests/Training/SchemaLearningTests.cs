using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Web.Tests.Training;

/// <summary>A head is of one list of classes: where that is another, nobody is asked by what it says, and learning begins anew.</summary>
public sealed class SchemaLearningTests
{
    private static Decision Say(ReviewTask task, Func<string, string> name) =>
        new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(name(task.Name.Split('/')[0]))] };

    [Fact]
    public async Task No_model_serves_under_other_classes_and_rounds_learn_with_the_new_ones()
    {
        await using var server = await OwnServer.StartAsync();
        var learning = new SmallLearning(server);
        await learning.CreateAsync();
        var first = await learning.RoundAsync();
        Assert.True(first.Promoted);
        Assert.Null(first.Model!.Schema);

        // What is called otherwise is the same to a model.
        await server.Client.ChangeSchemaAsync(SmallLearning.Name, new ChangeSchema(1, [new RenameClass("disc", "round")]));
        var champion = Assert.Single((await server.Client.GetStatusAsync(SmallLearning.Name)).Champions);
        Assert.Equal(first.Model.HeadSha256, champion.HeadSha256);
        ImageId any = default;
        await foreach (var image in server.Client.ListImagesAsync(SmallLearning.Name)) any = image.Id;
        Assert.NotNull((await server.Client.GetImageAsync(SmallLearning.Name, any)).Scores);

        // Other classes: no champion, no scores, and the next round starts cold.
        await server.Client.ChangeSchemaAsync(SmallLearning.Name, new ChangeSchema(2, [new MergeClasses(["bars"], "round")]));
        Assert.Empty((await server.Client.GetStatusAsync(SmallLearning.Name)).Champions);
        Assert.Null((await server.Client.GetImageAsync(SmallLearning.Name, any)).Scores);
        var second = await learning.RoundAsync(t => Say(t, name => name == "frame" ? name : "round"));
        Assert.Equal((RoundStep.Done, true, 3, "k-means"), (second.Step, second.Promoted, second.Model!.Schema, second.Strategy));
        // Everything that the first round taught counts as the newest schema says.
        Assert.True(second.Labels >= 20, $"{second.Labels} labels");
        await foreach (var image in server.Client.ListImagesAsync(SmallLearning.Name))
        {
            var scores = (await server.Client.GetImageAsync(SmallLearning.Name, image.Id)).Scores!;
            Assert.Contains(scores.Predicted, new[] { "round", "frame" });
        }
        Assert.Equal(2, (await server.Client.ListRoundsAsync(SmallLearning.Name)).Count(r => r.Model is not null));

        // A round that asks while the classes become others learns with those that there are when it is answered.
        var third = await learning.RoundAsync(
            t => Say(t, name => name == "frame" ? "star" : "round"),
            () => server.Client.ChangeSchemaAsync(SmallLearning.Name, new ChangeSchema(3, [new AddClass(new LabelClass("star"))])));
        Assert.Equal((RoundStep.Done, 4, true), (third.Step, third.Model!.Schema, third.Promoted));
        var reached = new HashSet<string>();
        await foreach (var image in server.Client.ListImagesAsync(SmallLearning.Name))
            reached.Add((await server.Client.GetImageAsync(SmallLearning.Name, image.Id)).Scores!.Predicted);
        Assert.Subset(new HashSet<string> { "round", "frame", "star" }, reached);
    }
}
