namespace Winnow.Web.Tests.Labels;

/// <summary>Labels of tags and boxes, and of all that a schema can ask for.</summary>
public sealed class BoxKindTests(Server server) : LabelKindTests(server)
{
    [Theory]
    [InlineData("tags")]
    [InlineData("boxes")]
    [InlineData("all")]
    public Task Nothing_that_was_said_is_lost(string kind) => LoseNothingAsync(kind);
}
