using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;
using Winnow.Model.Review;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.MachineDecisions;

/// <summary>Datasets about which machines decide.</summary>
internal static class Deciding
{
    public static readonly DateTimeOffset Made = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static ImageMachineDecision Of(
        ImageId image, string name, MachineKind kind = MachineKind.AutoAccepted, string run = "night", DateTimeOffset? at = null) =>
        new(image, kind, run, "yolo", [new ClassTag(name) { Confidence = 0.75 }], at ?? Made) { Version = "8n", Confidence = 0.5 };

    /// <summary>A dataset of a few images that nobody labelled, where decisions are taken by now.</summary>
    public static async Task<(string Dataset, ImageId[] Images)> DatasetAsync(this WinnowClient client, int images)
    {
        var name = "m" + Guid.NewGuid().ToString("n")[..12];
        await client.CreateDatasetAsync(new CreateDataset(name, LearningServer.Schema, LearningServer.Small));
        await foreach (var result in client.ImportAsync(name, DrawnImages.EnumerateAsync(images)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
        await Until.TrueAsync(() => IsTakenAsync(client, name), LearningServer.Patience, () => "the level is raised");
        return (name, [.. Enumerable.Range(0, images).Select(i => ImageId.Of(DrawnImages.Draw(i)))]);
    }

    /// <summary>The same where labels are boxes: the cluster takes decisions by then.</summary>
    public static async Task<(string Dataset, ImageId[] Images)> DatasetOfBoxesAsync(this WinnowClient client, LabelSchema schema)
    {
        await client.DatasetAsync(1);
        var name = "b" + Guid.NewGuid().ToString("n")[..12];
        await client.CreateDatasetAsync(new CreateDataset(name, schema, LearningServer.Small));
        await foreach (var result in client.ImportAsync(name, DrawnImages.EnumerateAsync(2)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
        return (name, [.. Enumerable.Range(0, 2).Select(i => ImageId.Of(DrawnImages.Draw(i)))]);
    }

    private static Task<bool> IsTakenAsync(WinnowClient client, string dataset) => IsDoneAsync(async () =>
    {
        await client.AddMachineDecisionsAsync(dataset, [Of(ImageId.Of(DrawnImages.Draw(0)), "disc", MachineKind.Pseudo, "first")]);
        await client.TakeBackMachineDecisionsAsync(dataset, new TakeBackMachineDecisions("only to see whether they are taken", "first"));
    });

    /// <summary>Whether the cluster takes it: a moment after the start it does.</summary>
    public static async Task<bool> IsDoneAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (WinnowApiException early) when (early.Message.Contains("does not take this yet", StringComparison.Ordinal))
        {
            return false;
        }
    }

    /// <summary>What people say of an image without a lease.</summary>
    public static async Task SayAsync(this WinnowClient person, string dataset, ImageId image, Decision said)
    {
        var seen = (await person.GetImageAsync(dataset, image)).Version;
        var result = Assert.Single(await person.SubmitAsync(dataset, [new(image, Guid.NewGuid(), said, ExpectedVersion: seen)]));
        Assert.True(result.Status == SubmitStatus.Recorded, result.Reason);
    }

    public static Decision Label(string name) => new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(name)] };

    /// <summary>The decision that stands of an image; null where none does.</summary>
    public static async Task<MachineDecision?> StandsAsync(this WinnowClient client, string dataset, ImageId image) =>
        (await client.GetImageAsync(dataset, image)).MachineDecisions.SingleOrDefault(d => d.Stands);

    /// <summary>Images by the kind of machine decision that the listing says they stand by.</summary>
    public static async Task<Dictionary<ImageId, MachineKind>> ListedAsync(this WinnowClient client, string dataset)
    {
        var listed = new Dictionary<ImageId, MachineKind>();
        await foreach (var image in client.ListImagesAsync(dataset))
            if (image.StandsBy is { } kind) listed.Add(image.Id, kind);
        return listed;
    }
}
