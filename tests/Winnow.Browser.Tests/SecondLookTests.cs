using Microsoft.Playwright;
using Winnow.Client;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Review;
using Winnow.Model.Security;

namespace Winnow.Browser.Tests;

/// <summary>What one person said, another verifies and a third settles, each in the page.</summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium")]
public sealed class SecondLookTests(StudioHouse house)
{
    private static readonly ChangePolicies Verified = new() { VerifyShare = 1 };

    [Fact]
    public async Task Boxes_are_confirmed_or_mended_by_a_verifier_and_settled_by_an_arbitrator()
    {
        var dataset = await house.AskShapesAsync(ShapeHouse.SchemaOf(Geometry.Box), 2, policies: Verified);
        // One box too many, of which nobody sees anything.
        await AnswerAsync(dataset, name => [.. ShapeHouse.PictureOf(name).Objects, new BoxAnnotation("disc", new Box(0, 0, 3, 3))]);
        await using var bob = await house.DrawerAsync(dataset, "bob", Role.Verifier);
        var first = await bob.OpenedAsync();
        await Assertions.Expect(bob.Page.GetByRole(AriaRole.Heading, new() { Name = "Is this right?" })).ToBeVisibleAsync();
        await bob.ShapesAsync(ShapeHouse.PictureOf(first).Objects.Count + 1);
        await bob.PressAsync("a");
        var second = await bob.OpenedAsync(first);
        var truth = ShapeHouse.PictureOf(second).Objects;
        await bob.ShapesAsync(truth.Count + 1);
        await bob.PressAsync("Shift+Tab", "Delete");
        await bob.ShapesAsync(truth.Count);
        await bob.PressAsync("a");
        await bob.SavedAsync();
        Assert.Equal([DecisionKind.Label, DecisionKind.Confirm], await KindsAsync(dataset, first));
        Assert.Equal([DecisionKind.Label, DecisionKind.Label], await KindsAsync(dataset, second));

        await using var eve = await house.DrawerAsync(dataset, "eve", Role.Arbitrator);
        Assert.Equal(second, await eve.OpenedAsync());
        await Assertions.Expect(eve.Page.GetByRole(AriaRole.Heading)).ToContainTextAsync(["2 people differ: which is right?"]);
        await eve.ShapesAsync(truth.Count + 1);
        await eve.PressAsync("2");
        await eve.ShapesAsync(truth.Count);
        await eve.PressAsync("2");
        await eve.SavedAsync();
        var settled = (await house.HistoriesAsync(dataset))[second];
        Assert.Equal([TaskKind.Label, TaskKind.Verify, TaskKind.Arbitrate], settled.Select(h => h.Terms!.Kind));
        Assert.Equal(truth.Select(o => o.Box), settled[^1].Decision.Annotations.Cast<BoxAnnotation>().Select(b => b.Box));
        Assert.Empty(bob.Errors.Concat(eve.Errors));
    }

    [Fact, Trait("kind", "long")]
    public async Task Classes_are_confirmed_or_said_otherwise_and_settled_by_one_key()
    {
        var dataset = await house.AskShapesAsync(ShapeHouse.SchemaOf(Geometry.Class), 2, policies: Verified);
        await AnswerAsync(dataset, _ => [new ClassTag("disc")]);
        await using var bob = await house.DrawerAsync(dataset, "bob", Role.Verifier);
        await Assertions.Expect(bob.Page.GetByRole(AriaRole.Heading, new() { Name = "Is this disc?" })).ToBeVisibleAsync();
        var first = await bob.AskedAsync();
        await bob.PressAsync("a");
        await Assertions.Expect(bob.Picture).Not.ToHaveAttributeAsync("alt", first);
        var second = await bob.AskedAsync();
        await bob.PressAsync("3");
        await bob.SavedAsync();
        Assert.Equal([DecisionKind.Label, DecisionKind.Confirm], await KindsAsync(dataset, first));
        await using var eve = await house.DrawerAsync(dataset, "eve", Role.Arbitrator);
        Assert.Equal(second, await eve.AskedAsync());
        await Assertions.Expect(eve.Page.Locator(".acts")).ToContainTextAsync("wedge");
        await eve.PressAsync("2");
        await eve.SavedAsync();
        Assert.Equal("wedge", Assert.Single((await house.SaidAsync(dataset, second))).Class);
        Assert.Empty(bob.Errors.Concat(eve.Errors));
    }

    private async Task<IEnumerable<DecisionKind>> KindsAsync(string dataset, string name) =>
        (await house.HistoriesAsync(dataset))[name].Select(h => h.Decision.Kind);

    /// <summary>Somebody answers all that is asked, through the API.</summary>
    private async Task AnswerAsync(string dataset, Func<string, IReadOnlyList<Annotation>> said)
    {
        var person = Principal.Parse($"service:{dataset}-ann");
        await house.Operator.GrantAccessAsync(dataset, new GrantAccess(person, Role.Annotator));
        var key = await house.Operator.CreateKeyAsync(new CreateApiKey(person, "who labels first"));
        using var ann = new WinnowClient(new WinnowClientOptions { Address = house.Address, Key = key.Key });
        var tasks = await ann.LeaseAsync(dataset, new LeaseRequest(10));
        var answers = tasks.Select(t => new SubmitDecision(t.Image, Guid.NewGuid(),
            new Decision { Kind = DecisionKind.Label, Annotations = said(t.Name) }, t.Lease)).ToList();
        Assert.All(await ann.SubmitAsync(dataset, answers), r => Assert.Equal(SubmitStatus.Recorded, r.Status));
    }
}
