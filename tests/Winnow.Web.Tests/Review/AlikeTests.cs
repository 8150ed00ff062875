using Winnow.Client;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Review;

/// <summary>Tasks whose images are alike: of one class by the model, and leased as any other.</summary>
public sealed class AlikeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Alike_images_are_of_one_class_by_the_model_and_each_is_a_task_of_its_own()
    {
        await using var server = await OwnServer.StartAsync();
        var learning = new SmallLearning(server);
        await learning.CreateAsync();
        var client = server.Client;
        Task<IReadOnlyList<ReviewTask>> AlikeAsync() => client.LeaseAsync(SmallLearning.Name, new LeaseRequest(6) { Alike = true });
        await learning.RoundAsync();
        await client.StartRoundAsync(SmallLearning.Name, new StartRound(30));
        await AsksAsync(client, 30);
        var seen = new HashSet<Model.Images.ImageId>();
        var lots = 0;
        while (await AlikeAsync() is { Count: > 0 } lot)
        {
            lots++;
            Assert.Single(lot.Select(t => Assert.IsType<ClassTag>(Assert.Single(t.Prelabels[0].Annotations)).Class).Distinct());
            Assert.All(lot, t => Assert.True(seen.Add(t.Image)));
            var results = await client.SubmitAsync(SmallLearning.Name, [.. lot.Select(t => Answers.Answer(t, t.Name.Split('/')[0]))]);
            Assert.All(results, r => Assert.Equal(SubmitStatus.Recorded, r.Status));
        }
        Assert.Equal(30, seen.Count);
        Assert.InRange(lots, 5, 10);
        foreach (var image in seen.Take(3)) Assert.Single((await client.GetImageAsync(SmallLearning.Name, image)).History);
    }

    [Fact]
    public async Task Before_there_is_a_model_they_are_of_no_class_and_lie_close_together()
    {
        await using var server = await OwnServer.StartAsync();
        var learning = new SmallLearning(server);
        await learning.CreateAsync();
        await server.Client.StartRoundAsync(SmallLearning.Name, new StartRound(10));
        await AsksAsync(server.Client, 10);
        var lot = await server.Client.LeaseAsync(SmallLearning.Name, new LeaseRequest(6) { Alike = true });
        Assert.Equal(6, lot.Select(t => t.Image).Distinct().Count());
        Assert.All(lot, t => Assert.Empty(t.Prelabels));
    }

    private static Task AsksAsync(WinnowClient client, int tasks) => Until.TrueAsync(
        async () => (await client.GetStatusAsync(SmallLearning.Name)).OpenTasks >= tasks, Patience, () => $"{tasks} are asked");

    [Fact]
    public async Task What_cannot_be_asked_together_is_refused_with_the_reason()
    {
        await using var server = await OwnServer.StartAsync();
        var learning = new SmallLearning(server);
        await learning.CreateAsync();
        async Task RefusedAsync(LeaseRequest request, string says)
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => server.Client.LeaseAsync(SmallLearning.Name, request));
            Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        }
        await RefusedAsync(new LeaseRequest { Class = "disc" }, "alike is not true");
        await RefusedAsync(new LeaseRequest { Alike = true, Class = "none" }, "'none' is not in the label schema");
        await RefusedAsync(new LeaseRequest { Alike = true, Kinds = [TaskKind.Verify] }, "first labels");
        await server.Client.ChangePoliciesAsync(SmallLearning.Name, new ChangePolicies { LabelsPerImage = 2 });
        await RefusedAsync(new LeaseRequest { Alike = true }, "each without a hint");
    }
}
