using Winnow.Abstractions.Datasets;
using Winnow.Grains.Datasets;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Cluster.Tests.Training;

/// <summary>All versions of a schema together take so much room and no more.</summary>
[Trait("kind", "security")]
public sealed class SchemaRoomTests
{
    [Fact]
    public void One_version_more_is_refused_where_it_has_no_room()
    {
        var version = new SchemaVersion
        {
            Number = 2,
            ChangedBy = "ada",
            ChangedAt = DateTimeOffset.UnixEpoch,
            Changes = [new RetitleClass("cat", "Cat")],
            Schema = new LabelSchema { Classes = [new LabelClass("cat"), new LabelClass("dog")] },
        };
        var left = SchemaStep.MostBytes - SchemaStep.BytesOf(version);
        SchemaStep.CheckRoom(left, version);
        var refused = Assert.Throws<RefusedException>(() => SchemaStep.CheckRoom(left + 1, version));
        Assert.Contains("2 versions of the label schema would take", refused.Message, StringComparison.Ordinal);
    }
}
