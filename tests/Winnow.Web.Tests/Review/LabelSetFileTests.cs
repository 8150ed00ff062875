using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Web.Tests.Review;

/// <summary>Files of label sets: whatever is read is sound, and what is wrong is told with its line.</summary>
public sealed class LabelSetFileTests
{
    private static readonly LabelSchema Schema = new()
    {
        Classes = [new("can"), new("bottle")],
        Geometries = [Geometry.Box, Geometry.Class],
        MultiLabel = true,
    };

    private static readonly ImageId Id = ImageId.Of("a picture"u8);
    private const string BoxWith = """{"name": "a", "annotations": [{"type": "box", "class": "can", "box": {""";
    private const string Box = """{"type": "box", "class": "can", "box": {"x": 1, "y": 2, "width": 3, "height": 4}}""";

    private static async Task<LabelSetFile> ReadAsync(byte[] bytes, LabelSchema? schema = null)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.jsonl");
        try
        {
            await File.WriteAllBytesAsync(path, bytes);
            return await LabelSetFile.ReadAsync(path, schema ?? Schema);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static Task<LabelSetFile> ReadAsync(params string[] lines) =>
        ReadAsync(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    [Fact]
    public async Task Images_are_named_by_id_or_by_name_and_what_else_stands_in_a_row_is_passed_over()
    {
        var read = await ReadAsync(
            $$"""{"id": "{{Id}}", "name": "other.png", "stage": "labeled", "annotations": [{{Box}}]}""", "",
            """{"name": "./a\\b.png", "annotations": []}""", """{"annotations": null, "name": "c.png"}""", """{"name": "d.png"}""",
            """{"name": "e.png", "label": "bottle"}""");
        Assert.Equal((3, 2), (read.Rows, read.RowsWithoutLabel));
        Assert.Equal([new BoxAnnotation("can", new Box(1, 2, 3, 4))], read.AnnotationsOf(Id, "whatever"));
        Assert.Empty(read.AnnotationsOf(ImageId.Of("another"u8), "a/b.png")!);
        Assert.Equal([new ClassTag("bottle")], read.AnnotationsOf(ImageId.Of("another"u8), "e.png"));
        Assert.NotNull(read.AnnotationsOf(ImageId.Of("another"u8), "other.png"));
        Assert.Null(read.AnnotationsOf(ImageId.Of("another"u8), "c.png"));
    }

    [Theory]
    [InlineData("line 2: ", """{"name": "a.png", "annotations": []}""", "{")]
    [InlineData("line 1: it is no object", "null")]
    [InlineData("line 1: it is no object", "[]")]
    [InlineData("line 1: it has neither 'id' nor 'name'", """{"annotations": []}""")]
    [InlineData("line 1: Class 'cat' is not in the label schema", """{"name": "a", "label": "cat"}""")]
    [InlineData("line 1: A box needs", BoxWith + "\"x\": 1, \"y\": 2, \"width\": 0, \"height\": 4}}]}")]
    [InlineData("and no polygon", """{"name": "a", "annotations": [{"type": "polygon", "class": "can", "points": [0, 0, 1, 0, 1, 1]}]}""")]
    [InlineData("line 3: ./a.png has another label in line 1", """{"name": "a.png", "annotations": []}""", "",
        """{"name": "./a.png", "label": "can"}""")]
    [InlineData("line 1: it has both 'annotations' and 'label'", """{"name": "a", "annotations": [], "label": "can"}""")]
    [InlineData("line 1: annotations: ", BoxWith + "\"width\": 3, \"height\": 4}}]}")]
    [InlineData("has no label", "")]
    [InlineData("has no label", """{"name": "a.png"}""")]
    public async Task What_is_wrong_is_told_with_its_line(string said, params string[] lines)
    {
        var wrong = await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(lines));
        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_encodings_are_refused_by_name_and_a_mark_is_passed_over()
    {
        var line = System.Text.Encoding.UTF8.GetBytes("""{"name": "ü.png", "annotations": []}""");
        Assert.Equal(1, (await ReadAsync([0xEF, 0xBB, 0xBF, .. line])).Rows);
        foreach (var encoding in new[] { System.Text.Encoding.Latin1, System.Text.Encoding.Unicode })
        {
            var bytes = encoding.GetBytes("""{"name": "ü.png", "annotations": []}""");
            await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(bytes));
        }
    }
}
