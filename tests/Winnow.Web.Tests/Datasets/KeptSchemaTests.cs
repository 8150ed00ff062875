using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Web.Tests.Datasets;

/// <summary>What the label schema of a dataset does not take is refused with a sentence, and nothing of the decision is recorded.</summary>
public sealed class KeptSchemaTests(Server server) : IClassFixture<Server>
{
    private static readonly LabelSchema Classes = new() { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };

    private static string NewName() => "k" + Guid.NewGuid().ToString("n")[..12];

    private async Task ImportAsync(string dataset, int images)
    {
        await foreach (var result in server.Client.ImportAsync(dataset, DrawnImages.EnumerateAsync(images)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
    }

    private static SubmitDecision Say(ImageId image, params Annotation[] said) =>
        new(image, Guid.NewGuid(), new Decision { Kind = DecisionKind.Label, Annotations = said }, ExpectedVersion: 0);

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
