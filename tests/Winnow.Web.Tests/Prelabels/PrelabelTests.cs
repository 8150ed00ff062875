using System.Net;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Prelabels;

/// <summary>What machines propose comes in by lots, is checked, and is seen with the image and with its task.</summary>
public sealed class PrelabelTests(Server server) : IClassFixture<Server>
{
    private static readonly DateTimeOffset Made = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static string Class(int number) => DrawnImages.Classes[number % DrawnImages.Classes.Length];

    private static ImagePrelabel Of(ImageId image, int number, DateTimeOffset? at = null, string source = "yolo") =>
        new(image, source, [new ClassTag(Class(number)) { Confidence = 0.75 }], at ?? Made) { Version = "8n", Confidence = 0.5 };

    private async Task<(string Dataset, ImageId[] Images)> DatasetAsync(int images)
    {
        var dataset = await server.Client.DatasetAsync(images, LearningServer.Small);
        var ids = new List<ImageId>();
        await foreach (var image in server.Client.ListImagesAsync(dataset)) ids.Add(image.Id);
        // A moment after the start the cluster takes them.
        await Until.TrueAsync(async () => await IsTakenAsync(dataset, ids[0]), LearningServer.Patience, () => "the level is raised");
        return (dataset, [.. ids]);
    }

    private async Task<bool> IsTakenAsync(string dataset, ImageId image)
    {
        try
        {
            return (await server.Client.AddPrelabelsAsync(dataset, [Of(image, 0, source: "first")])).Taken == 1;
        }
        catch (WinnowApiException early) when (early.Message.Contains("does not take this yet", StringComparison.Ordinal))
        {
            return false;
        }
    }

    private async Task<bool> HasFailedAsync(string dataset) =>
        (await server.Client.ListRoundsAsync(dataset)).Any(r => r.Step == RoundStep.Failed);

    [Fact]
    public async Task The_newest_of_each_source_is_shown_with_the_image_and_with_its_task()
    {
        var (dataset, images) = await DatasetAsync(60);
        var result = await server.Client.AddPrelabelsAsync(
            dataset, [.. images.Select(i => Of(i, 1)), .. images.Select(i => Of(i, 2, source: "other"))]);
        Assert.Equal((2 * images.Length, 0), (result.Taken, result.Refused.Count));
        // One that was made before is late, one that was made since takes its place.
        await server.Client.AddPrelabelsAsync(dataset, [Of(images[0], 3, Made.AddHours(-1)), Of(images[1], 3, Made.AddHours(1))]);
        async Task<Prelabel[]> ShownAsync(ImageId image) =>
            [.. (await server.Client.GetImageAsync(dataset, image))
            .Prelabels.Where(p => !p.Source.StartsWith("model:", StringComparison.Ordinal))];
        var first = (await ShownAsync(images[0])).Single(p => p.Source == "yolo");
        Assert.Equal((Class(1), "8n", 0.5, Made), (first.Annotations[0].Class, first.Version, first.Confidence, first.MadeAt));
        Assert.Equal(0.75, first.Annotations[0].Confidence);
        Assert.Equal(Class(3), (await ShownAsync(images[1])).Single(p => p.Source == "yolo").Annotations[0].Class);
        await server.Client.StartRoundAsync(dataset, new(8));
        await Until.TrueAsync(
            async () => (await server.Client.GetStatusAsync(dataset)).OpenTasks >= 8 || await HasFailedAsync(dataset),
            LearningServer.Patience,
            () => "the round asks");
        Assert.False(await HasFailedAsync(dataset),
            string.Join(' ', (await server.Client.ListRoundsAsync(dataset)).Select(r => r.ToString())));
        foreach (var task in await server.Client.LeaseAsync(dataset, new LeaseRequest(8, 5_000)))
        {
            Assert.Single(task.Prelabels, p => p.Source == "yolo");
            Assert.Equal(Class(2), Assert.Single(task.Prelabels, p => p.Source == "other").Annotations[0].Class);
        }
    }

    [Fact]
    public async Task What_is_wrong_is_put_aside_by_name_and_the_others_are_taken()
    {
        var (dataset, images) = await DatasetAsync(3);
        ImagePrelabel[] sent =
        [
            Of(images[0], 0), Of(ImageId.Of("nobody"u8), 0), Of(images[1], 0) with { Annotations = [new ClassTag("no such class")] },
            Of(images[1], 0) with { Annotations = [new BoxAnnotation(DrawnImages.Classes[0], new Box(0, 0, 3, 3))] },
            Of(images[1], 0, source: "model:main/1"), Of(images[1], 0, DateTimeOffset.MaxValue), Of(images[1], 0) with { Confidence = 2 },
            Of(images[2], 0),
        ];
        var result = await server.Client.AddPrelabelsAsync(dataset, sent);
        Assert.Equal(2, result.Taken);
        Assert.Equal([1, 2, 3, 4, 5, 6], result.Refused.Select(r => r.Index));
        Assert.Contains("does not hold this image", result.Refused[0].Reason, StringComparison.Ordinal);
        Assert.Contains("no such class", result.Refused[1].Reason, StringComparison.Ordinal);
        Assert.All(result.Refused, r => Assert.Equal((sent[r.Index].Image, sent[r.Index].Source), (r.Image, r.Source)));
    }

    [Fact]
    public async Task An_operation_is_one_lot_of_one_person()
    {
        var (dataset, images) = await DatasetAsync(3);
        var operation = Guid.NewGuid();
        ImagePrelabel[] lot = [.. images.Select(i => Of(i, 1))];
        Assert.Equal(3, (await server.Client.AddPrelabelsAsync(dataset, lot, operation)).Taken);
        Assert.Equal(3, (await server.Client.AddPrelabelsAsync(dataset, lot, operation)).Taken);
        var other = await Assert.ThrowsAsync<WinnowApiException>(
            () => server.Client.AddPrelabelsAsync(dataset, [.. images.Select(i => Of(i, 2))], operation));
        Assert.Equal((HttpStatusCode.Conflict, RefusalCodes.OperationConflict), (other.Status, other.Code));
    }

    [Fact]
    [Trait("kind", "security")]
    public async Task No_image_has_more_proposed_for_it_than_can_be_shown()
    {
        var (dataset, images) = await DatasetAsync(2);
        // 'first' is there already.
        var lot = Enumerable.Range(1, ImagePrelabel.MostSources + 5).Select(n => Of(images[0], n, source: $"s{n}")).ToArray();
        var result = await server.Client.AddPrelabelsAsync(dataset, lot);
        Assert.Equal((ImagePrelabel.MostSources - 1, 6), (result.Taken, result.Refused.Count));
        Assert.All(result.Refused, r => Assert.Contains("other sources propose", r.Reason, StringComparison.Ordinal));
        // One that is there may say something else, also where no other has room.
        Assert.Equal(1, (await server.Client.AddPrelabelsAsync(dataset, [Of(images[0], 2, Made.AddHours(1), "s1")])).Taken);
        Assert.Equal(0, (await server.Client.AddPrelabelsAsync(dataset, [Of(images[0], 2, source: "late")])).Taken);
        Assert.Equal(ImagePrelabel.MostSources, (await server.Client.GetImageAsync(dataset, images[0])).Prelabels
            .Count(p => !p.Source.StartsWith("model:", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("MODEL:x")]
    [InlineData(" model:x")]
    [InlineData("\uFF4Dodel:x")]
    [InlineData("\uFF2D\uFF4F\uFF44\uFF45\uFF4C\uFF1Ax")]
    public async Task No_source_looks_like_a_model_of_Winnows_own(string source)
    {
        var (dataset, images) = await DatasetAsync(1);
        var result = await server.Client.AddPrelabelsAsync(dataset, [Of(images[0], 0, source: source)]);
        Assert.Contains("Winnow's own models", Assert.Single(result.Refused).Reason, StringComparison.Ordinal);
    }
}
