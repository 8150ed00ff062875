using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Client;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Datasets;

/// <summary>
/// What people could say and learning, versions and exports could not keep is refused with a sentence; datasets that take it already can be
/// read.
/// </summary>
public sealed class KeptSchemaTests(Server server) : IClassFixture<Server>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly LabelSchema Classes = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    private static string NewName() => "k" + Guid.NewGuid().ToString("n")[..12];

    private async Task ImportAsync(string dataset, int images)
    {
        await foreach (var result in server.Client.ImportAsync(dataset, DrawnImages.EnumerateAsync(images)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
    }

    private static SubmitDecision Say(ImageId image, params Annotation[] said) =>
        new(image, Guid.NewGuid(), new Decision { Kind = DecisionKind.Label, Annotations = said }, ExpectedVersion: 0);

    private static Task<WinnowApiException> RefusedAsync(Func<Task> request) => Assert.ThrowsAsync<WinnowApiException>(request);

    [Theory]
    [InlineData(new[] { Geometry.Class }, true, "several classes per image")]
    [InlineData(new[] { Geometry.Box }, false, "shapes (box)")]
    [InlineData(new[] { Geometry.Class, Geometry.Polygon }, false, "shapes (polygon)")]
    [InlineData(new[] { Geometry.Mask, Geometry.Text }, false, "shapes (mask, text)")]
    [InlineData(new[] { Geometry.Box, Geometry.Class }, true, "shapes (box) and several classes per image")]
    public async Task No_dataset_is_made_whose_labels_could_not_be_kept(Geometry[] geometries, bool several, string named)
    {
        var name = NewName();
        var wanted = new CreateDataset(name, Classes with { Geometries = geometries, MultiLabel = several });
        var refused = await RefusedAsync(() => server.Client.CreateDatasetAsync(wanted));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.Contains("would be lost", refused.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await RefusedAsync(() => server.Client.GetDatasetAsync(name))).Status);
        Assert.Equal(name, (await server.Client.CreateDatasetAsync(new CreateDataset(name, Classes))).Name);
    }

    [Theory]
    [InlineData(new[] { Geometry.Class }, true, "several classes per image")]
    [InlineData(new[] { Geometry.Box }, false, "shapes (box)")]
    [InlineData(new[] { Geometry.Class, Geometry.Polygon }, false, "shapes (polygon)")]
    [InlineData(new[] { Geometry.Mask, Geometry.Text }, false, "shapes (mask, text)")]
    [InlineData(new[] { Geometry.Box, Geometry.Class }, true, "shapes (box) and several classes per image")]
    public async Task A_dataset_of_an_earlier_release_is_read_and_backed_up_and_its_rounds_say_why_not(
        Geometry[] geometries, bool several, string named)
    {
        var name = NewName();
        var schema = Classes with { Geometries = geometries, MultiLabel = several };
        var settings = new DatasetSettings { Shards = 1, ProjectionDimensions = 16 };
        var ledger = server.Services.GetRequiredService<IDatasetLedger>();
        var earlier = new DatasetInfo(name, schema, settings, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), "ada");
        Assert.True(await ledger.AddDatasetAsync(earlier, CancellationToken.None));
        await ImportAsync(name, 40);
        await server.Client.WaitForScoringAsync(name);
        // Who asks again for what there is gets it.
        Assert.Equal("ada", (await server.Client.CreateDatasetAsync(new CreateDataset(name, schema, settings))).CreatedBy);

        var file = Path.Combine(server.Folder, $"{name}.tar");
        await server.Client.BackupAsync(name, file);
        await server.Client.RestoreAsync(file, $"{name}-2");
        foreach (var dataset in new[] { name, $"{name}-2" })
        {
            Assert.Equal(schema.Geometries, (await server.Client.GetDatasetAsync(dataset)).Schema.Geometries);
            Assert.Equal(40, await server.Client.ListImagesAsync(dataset).CountAsync());
            var image = ImageId.Of(DrawnImages.Draw(0));
            Assert.Empty((await server.Client.GetImageAsync(dataset, image)).Annotations);

            Task[] refusals =
            [
                SaysWhyAsync(() => server.Client.StartRoundAsync(dataset, new StartRound(5))),
                SaysWhyAsync(() => server.Client.CreateVersionAsync(dataset, new CreateVersion())),
                SaysWhyAsync(() => server.Client.LeaseAsync(dataset, new LeaseRequest(1))),
            ];
            await Task.WhenAll(refusals);
            Assert.Empty(await server.Client.ListRoundsAsync(dataset));
            var submitted = Assert.Single(await server.Client.SubmitAsync(dataset, [Say(image, new ClassTag("disc"))]));
            Assert.Equal(SubmitStatus.Refused, submitted.Status);
            Assert.Contains(named, submitted.Reason, StringComparison.Ordinal);

            // A round that the earlier release had begun.
            var round = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IRoundGrain>(GrainKeys.Round(dataset, Arms.Main, 1));
            await round.StartAsync(new StartRound(5, Arms.Main, "random", "random"), CancellationToken.None);
            RoundInfo? ended = null;
            async Task<bool> HasEndedAsync() => (ended = await round.GetAsync(CancellationToken.None)).Step == RoundStep.Failed;
            await Until.TrueAsync(HasEndedAsync, Patience, () => "the round has ended");
            Assert.Contains(named, ended!.Reason, StringComparison.Ordinal);
        }

        async Task SaysWhyAsync(Func<Task> request)
        {
            var refused = await RefusedAsync(request);
            Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
            Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        }
    }

    private static readonly Dictionary<string, Annotation> Shapes = new()
    {
        ["box"] = new BoxAnnotation("disc", new Box(1, 1, 5, 5)),
        ["polygon"] = new PolygonAnnotation("disc", [0, 0, 5, 0, 5, 5]),
        ["mask"] = new MaskAnnotation("disc", new RunLengthMask(2, 2, [1, 3])),
        ["text"] = new TextAnnotation("disc", [0, 0, 5, 0, 5, 5], "stop"),
    };

    [Theory]
    [InlineData("box", false)]
    [InlineData("polygon", false)]
    [InlineData("mask", false)]
    [InlineData("text", false)]
    [InlineData("box", true)]
    public async Task A_shape_is_no_answer_where_an_image_has_one_class(string shape, bool besideAClass)
    {
        Annotation[] annotations = besideAClass ? [new ClassTag("disc"), Shapes[shape]] : [Shapes[shape]];
        var name = NewName();
        await server.Client.CreateDatasetAsync(new CreateDataset(name, Classes, new DatasetSettings { Shards = 1 }));
        await ImportAsync(name, 1);
        var image = ImageId.Of(DrawnImages.Draw(0));
        var results = await server.Client.SubmitAsync(name, [Say(image, annotations)]);
        Assert.Equal(SubmitStatus.Refused, results[0].Status);
        Assert.Contains($"takes class, and no {shape}", results[0].Reason, StringComparison.Ordinal);
        Assert.Equal(SubmitStatus.Recorded, (await server.Client.SubmitAsync(name, [Say(image, new ClassTag("disc"))]))[0].Status);
        Assert.Equal(1, Assert.Single((await server.Client.GetImageAsync(name, image)).History).Version);
    }
}
