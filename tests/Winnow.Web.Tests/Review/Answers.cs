using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Review;

/// <summary>What people say of images one at a time, and what becomes of it.</summary>
internal static class Answers
{
    public static Decision Said(DecisionKind kind, string? label = null) =>
        new() { Kind = kind, Annotations = label is null ? [] : [new ClassTag(label)] };

    /// <summary>Under the lease of a task.</summary>
    public static SubmitDecision Answer(ReviewTask task, DecisionKind kind, string? label = null) =>
        new(task.Image, Guid.NewGuid(), Said(kind, label), task.Lease);

    public static SubmitDecision Answer(ReviewTask task, string label) => Answer(task, DecisionKind.Label, label);

    /// <summary>Without a lease, having seen so many entries.</summary>
    public static SubmitDecision Amend(ImageId image, long seen, DecisionKind kind, string? label = null, long? of = null) =>
        new(image, Guid.NewGuid(), Said(kind, label) with { Of = of }, ExpectedVersion: seen);

    public static async Task<SubmitResult> SayAsync(this WinnowClient person, string dataset, SubmitDecision decision) =>
        Assert.Single(await person.SubmitAsync(dataset, [decision]));

    /// <summary>The next task of a kind, of any kind where none is named.</summary>
    public static async Task<ReviewTask> TakeOneAsync(this WinnowClient person, string dataset, params TaskKind[] kinds)
    {
        var task = Assert.Single(await person.TakeAsync(dataset, 1, kinds));
        if (kinds.Length > 0) Assert.Contains(task.Kind, kinds);
        return task;
    }
}
