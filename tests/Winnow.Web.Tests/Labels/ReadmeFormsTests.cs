using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Winnow.Cli.Lines;
using Winnow.Cli.Prelabels;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Labels;

/// <summary>Whoever copies what README shows of schemas, labels and prelabels has one that is taken.</summary>
public sealed class ReadmeFormsTests
{
    private static readonly string[] Blocks = ReadBlocks();

    // A member that nobody knows is a slip of the pen, and refused wherever it comes in.
    private static readonly JsonSerializerOptions Strict =
        new(ModelJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private static LabelSchema Schema =>
        JsonSerializer.Deserialize<LabelSchema>(Blocks.Single(b => b.StartsWith("{\"classes\"", StringComparison.Ordinal)), Strict)!;

    private static string[] ReadBlocks()
    {
        var root = typeof(SiloProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Repository").Value!;
        return [.. File.ReadAllText(Path.Combine(root, "README.md")).Split("```json\n").Skip(1).Select(b => b.Split("\n```")[0])];
    }

    [Fact]
    public void The_schema_is_sound() => Assert.Null(Schema.Check());

    [Fact]
    public void One_of_each_shape_is_shown_and_is_sound()
    {
        var lines = Blocks.Single(b => b.StartsWith("{\"type\"", StringComparison.Ordinal)).Split('\n');
        Annotation[] shown = [.. lines.Select(l => JsonSerializer.Deserialize<Annotation>(l, Strict)!)];
        Assert.Null(AnnotationRules.Check(shown, Schema));
        Assert.Equal(Enum.GetValues<Geometry>().Order(), shown.Select(Geometries.Of).Order());
    }

    [Fact]
    public async Task Lines_of_labels_and_of_prelabels_are_read()
    {
        var lines = Blocks.Single(b => b.StartsWith("{\"name\"", StringComparison.Ordinal)).Split('\n');
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, lines[0]);
            var read = await LabelSetFile.ReadAsync(file, Schema);
            Assert.Single(read.AnnotationsOf(ImageId.Of("any"u8), "a/1.jpg")!);
        }
        finally
        {
            File.Delete(file);
        }
        Assert.NotNull(PrelabelLines.Read(new TextLine(1, Encoding.UTF8.GetBytes(lines[1])), out var wrong));
        Assert.Equal("", wrong);
    }
}
