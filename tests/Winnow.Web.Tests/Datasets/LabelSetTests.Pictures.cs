using System.Globalization;
using System.Text.Json;
using Winnow.Client;
using Winnow.Grains.Images;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Datasets;

/// <summary>Datasets of composed pictures, what people say of them, and how two sets are compared.</summary>
public sealed partial class LabelSetTests
{
    private static readonly LabelAttribute Hidden = new("hidden", AttributeKind.Flag);

    private static LabelSchema SchemaOf(Geometry[] geometries, bool several = false, bool attributes = false) => new()
    {
        Classes = [.. ComposedPictures.Classes.Select(c => new LabelClass(c))],
        Geometries = geometries,
        MultiLabel = several,
        Attributes = attributes ? [Hidden] : null,
    };

    private static async IAsyncEnumerable<ImageToImport> PicturesAsync(int count, int from = 0)
    {
        for (var i = from; i < from + count; i++)
        {
            var bytes = ComposedPictures.Draw(i).Bytes;
            yield return new ImageToImport(string.Create(CultureInfo.InvariantCulture, $"shelf/{i:D4}.png"),
                _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes), null, Partition.Pool);
        }
        await Task.CompletedTask;
    }

    private static int NumberOf(string name) => int.Parse(Path.GetFileNameWithoutExtension(name), CultureInfo.InvariantCulture);

    /// <summary>What people say of a picture: its objects in the shapes that the schema takes.</summary>
    private static Annotation[] TruthOf(string name, LabelSchema schema)
    {
        var picture = ComposedPictures.Draw(NumberOf(name));
        Annotation[] said = [.. schema.Geometries.SelectMany(picture.As)];
        if (!schema.TakesNone) said = said[..1];
        return schema.Attributes is null ? said
            : [.. said.Select((a, i) => a with { Attributes = new Dictionary<string, AttributeValue> { ["hidden"] = Flag(i) } })];
    }

    private static AttributeValue Flag(int number) => AttributeValue.Of(number % 2 == 0);

    private async Task<string> DatasetAsync(LabelSchema schema)
    {
        var name = "s" + Guid.NewGuid().ToString("n")[..12];
        // Of tags a model is trained, and an audit sample would be asked about.
        var settings = LearningServer.Small with { AuditSample = schema.IsTags ? 0 : 10 };
        await server.Client.CreateDatasetAsync(new CreateDataset(name, schema, settings));
        await foreach (var result in server.Client.ImportAsync(name, PicturesAsync(Images)))
            Assert.Equal(IngestStatus.Accepted, result.Status);
        await server.Client.WaitForScoringAsync(name);
        return name;
    }

    private async Task<Dictionary<ImageId, ManifestRow>> ExportedAsync(string dataset, int version)
    {
        using var lines = new StreamReader(await server.Client.OpenExportAsync(dataset, version, "jsonl"));
        var rows = new Dictionary<ImageId, ManifestRow>();
        while (await lines.ReadLineAsync() is { } line)
        {
            var row = JsonSerializer.Deserialize(line, ModelJson.Default.ManifestRow)!;
            rows.Add(row.Id, row);
        }
        return rows;
    }

    private static void AssertSame(IReadOnlyList<Annotation>? expected, IReadOnlyList<Annotation>? actual)
    {
        Assert.Equal(expected is null, actual is null);
        if (expected is null) return;
        Assert.True(ImageHistory.AreSame(expected, actual!), $"{expected.Count} and {actual!.Count} annotations differ");
    }
}
