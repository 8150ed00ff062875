namespace Winnow.Web.Tests.Labels;

/// <summary>Labels of other shapes.</summary>
public sealed class ShapeKindTests(Server server) : LabelKindTests(server)
{
    [Theory]
    [InlineData("polygons")]
    [InlineData("masks")]
    [InlineData("points")]
    [InlineData("text")]
    public Task Nothing_that_was_said_is_lost(string kind) => LoseNothingAsync(kind);
}
