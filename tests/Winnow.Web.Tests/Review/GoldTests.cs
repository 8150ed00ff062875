using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;
using static Winnow.Web.Tests.Review.Answers;

namespace Winnow.Web.Tests.Review;

/// <summary>Images whose label is known check people while they work.</summary>
public sealed class GoldTests(Server server) : IClassFixture<Server>
{
    private WinnowClient Client => server.Client;

    private async Task<ImageId[]> KnownAsync(string dataset, int count)
    {
        var known = new List<ImageId>();
        await foreach (var image in Client.ListImagesAsync(dataset))
        {
            if (known.Count == count) break;
            var label = new ClassTag(image.Name.Split('/')[0]);
            Assert.Equal(SubmitStatus.Recorded, (await Client.MarkGoldAsync(dataset, image.Id, [label])).Status);
            known.Add(image.Id);
        }
        return [.. known];
    }

    [Fact]
    public async Task Gold_comes_beside_tasks_once_to_everybody_and_is_counted()
    {
        var dataset = await Client.DatasetAsync(60, LearningServer.Small);
        var known = await KnownAsync(dataset, 4);
        Assert.Equal(4, (await Client.GetStatusAsync(dataset)).Stages[Stage.Gold]);
        await Client.ChangePoliciesAsync(dataset, new ChangePolicies { GoldShare = 0.5 });
        await Client.StartRoundAsync(dataset, new StartRound(30));
        using var ann = server.As("ann");
        using var bob = server.As("bob");
        var met = new Dictionary<string, List<ReviewTask>> { ["ann"] = [], ["bob"] = [] };
        // Each of them skips what is no gold, so that both meet all of it.
        await Until.TrueAsync(async () =>
        {
            foreach (var (name, person) in new[] { ("ann", ann), ("bob", bob) })
            {
                var tasks = await person.LeaseAsync(dataset, new LeaseRequest(5, 200));
                met[name].AddRange(tasks.Where(t => known.Contains(t.Image)));
                Assert.True(tasks.Count <= 5);
                Assert.All(tasks, t => Assert.Equal((TaskKind.Label, 0), (t.Kind, t.Opinions.Count)));
                var rest = tasks.Where(t => !known.Contains(t.Image)).Select(t => t.Image).ToArray();
                if (rest.Length > 0) await person.ReleaseAsync(dataset, rest);
            }
            return met.Values.All(m => m.Count == 4);
        }, LearningServer.Patience, () => $"both meet all gold, not {met["ann"].Count} and {met["bob"].Count}");
        Assert.All(met.Values, m => Assert.Equal(known.Order(), m.Select(t => t.Image).Order()));

        // Ann is right of all, bob of one; a lease of such a task is renewed like any other.
        var renewed = await ann.RenewAsync(dataset, [.. met["ann"].Select(t => t.Lease)]);
        Assert.All(renewed, r => Assert.NotNull(r.LeasedUntil));
        var right = await ann.SubmitAsync(dataset, [.. met["ann"].Select(t => Answer(t, t.Name.Split('/')[0]))]);
        Assert.All(right, r => Assert.Equal(SubmitStatus.Recorded, r.Status));
        string Wrong(ReviewTask t) => DrawnImages.Classes.First(c => c != t.Name.Split('/')[0]);
        var said = met["bob"].Select((t, i) => Answer(t, i == 0 ? t.Name.Split('/')[0] : Wrong(t))).ToArray();
        Assert.All(await bob.SubmitAsync(dataset, said), r => Assert.Equal(SubmitStatus.Recorded, r.Status));
        Assert.Equal(SubmitStatus.Conflict, (await bob.SubmitAsync(dataset, [Answer(met["bob"][0], "disc")]))[0].Status);
        foreach (var image in known)
        {
            var detail = await Client.GetImageAsync(dataset, image);
            Assert.Equal((Stage.Gold, detail.Name.Split('/')[0]), (detail.Stage, Assert.Single(detail.Annotations).Class));
        }
        var people = (await Client.ListPeopleAsync(dataset)).ToDictionary(p => p.Person);
        Assert.Equal((4L, 4L), Of("ann"));
        Assert.Equal((4L, 1L), Of("bob"));
        (long, long) Of(string name)
        {
            var person = people.Single(p => p.Key.EndsWith(name, StringComparison.Ordinal)).Value;
            return (person.Gold, person.GoldRight);
        }
    }

    [Fact]
    public async Task What_is_gold_is_said_by_who_may_correct_and_of_what_stands()
    {
        var dataset = await Client.DatasetAsync(20, LearningServer.Small);
        ImageId image = default;
        await foreach (var listed in Client.ListImagesAsync(dataset)) image = listed.Id;
        var nothing = await Client.MarkGoldAsync(dataset, image);
        Assert.Equal(SubmitStatus.Refused, nothing.Status);
        Assert.Contains("Nothing stands", nothing.Reason, StringComparison.Ordinal);
        await Client.CorrectAsync(dataset, image, [new ClassTag("disc")]);
        Assert.Equal(SubmitStatus.Recorded, (await Client.MarkGoldAsync(dataset, image, comment: "drawn so")).Status);
        var detail = await Client.GetImageAsync(dataset, image);
        Assert.Equal((Stage.Gold, "disc"), (detail.Stage, Assert.Single(detail.Annotations).Class));
        // It is taken back as anything else: what stood before stands again.
        Assert.Equal(SubmitStatus.Recorded, (await Client.TakeBackAsync(dataset, image)).Status);
        Assert.Equal(Stage.Labeled, (await Client.GetImageAsync(dataset, image)).Stage);
    }
}
