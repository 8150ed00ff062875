using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Web.Tests.Datasets;

/// <summary>Requests written by hand leave out what has a default.</summary>
public sealed class PlainJsonTests
{
    [Fact]
    public void What_is_left_out_has_its_default()
    {
        var command = JsonSerializer.Deserialize(
            """{"name":"pets","schema":{"classes":[{"name":"cat"},{"name":"dog"}]},"settings":{"shards":2}}""",
            ModelJson.Default.CreateDataset)!;
        Assert.Equal(new DatasetSettings { Shards = 2 }, command.Settings);
        Assert.Equal([Geometry.Class], command.Schema.Geometries);
        Assert.Null(command.Schema.Check() ?? command.Settings!.Check());
        Assert.Empty(JsonSerializer.Deserialize("""{"kind":"skip"}""", ModelJson.Default.Decision)!.Annotations);
    }
}
