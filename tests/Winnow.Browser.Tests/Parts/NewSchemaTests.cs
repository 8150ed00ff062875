using Winnow.Model.Labels;
using Winnow.Studio.Intake;

namespace Winnow.Browser.Tests.Parts;

public sealed class NewSchemaTests
{
    [Fact]
    public void What_is_asked_becomes_a_schema_that_the_server_takes()
    {
        foreach (var kind in Enum.GetValues<AskedKind>())
        {
            var schema = NewSchema.Of(kind, ["cat", "dog"]);
            Assert.Null(schema.Check());
            Assert.Equal(["#4cc3ff", "#ff7a6b"], schema.Classes.Select(c => c.Color));
        }
        Assert.True(NewSchema.Of(AskedKind.OneClass, ["cat", "dog"]).IsOneClass);
        Assert.True(NewSchema.Of(AskedKind.SeveralClasses, ["cat", "dog"]).IsTags);
        Assert.Equal([Geometry.Box], NewSchema.Of(AskedKind.Boxes, ["cat"]).Geometries);
    }

    [Fact]
    public void Of_few_images_most_are_left_to_choose_from()
    {
        Assert.Null(NewSchema.SettingsFor(0));
        Assert.Null(NewSchema.SettingsFor(2_000));
        Assert.Equal(4, NewSchema.SettingsFor(47)!.AuditSample);
    }

    [Fact]
    public void Names_are_read_as_people_type_them()
    {
        Assert.Equal(["cat", "big dog", "fox"], NewSchema.NamesIn(" cat, big dog ,,fox\n"));
        Assert.Equal("my-photos-2026", NewSchema.NameOf("My Photos (2026)"));
        Assert.Equal("", NewSchema.NameOf("!!"));
    }
}
