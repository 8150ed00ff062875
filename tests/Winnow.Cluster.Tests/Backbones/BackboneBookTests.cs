using CsCheck;
using Winnow.Grains.Columns;
using Winnow.Grains.Datasets;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Backbones;

public sealed class BackboneBookTests
{
    private const string Created = "created";
    private static readonly LabelSchema Schema = new() { Classes = [new("cat"), new("dog")] };
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static string Hash(int n) => n.ToString("x64", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What a space goes by is told by its number, so that a mixture would show.</summary>
    private static (string? Projection, string? Head, string? Model) GoesBy(int n) =>
        ($"projections/{Hash(n)}", $"models/main/{n:D6}/{Hash(n)}.bin", $"main/{n}");

    [Fact]
    public void Whatever_is_switched_a_head_stands_beside_its_own_projection() =>
        Gen.Int[0, 3].List[1, 40].Sample(turns =>
        {
            var state = new DatasetState();
            var book = state.Backbones;
            for (var n = 1; n <= 3; n++) book.Add($"b{n}", Created, "me", Now).Stage = BackboneStage.Ready;
            string[] names = [Created, "b1", "b2", "b3"];
            (state.Learning.ProjectionKey, state.Learning.HeadKey, state.Learning.ModelName) = GoesBy(0);
            for (var n = 1; n <= 3; n++)
            {
                var entry = book.Find(names[n])!;
                (entry.ProjectionKey, entry.HeadKey, entry.ModelName) = GoesBy(n);
            }
            foreach (var to in turns)
            {
                if (book.Serving == names[to]) continue;
                var before = state.Learning.Sequence;
                book.Switch(book.Find(names[to])!, state.Learning);
                Assert.Equal(before + 1, state.Learning.Sequence);
                Assert.Equal(names[to], book.Serving);
                Assert.Null(book.Check());
            }
            var learning = state.ToLearning();
            var spaces = learning.Others!.Append(learning.Serving(Created)).ToArray();
            Assert.Equal(names.Order(), spaces.Select(s => s.Backbone).Order());
            foreach (var space in spaces)
                Assert.Equal(GoesBy(Array.IndexOf(names, space.Backbone)), (space.ProjectionKey, space.HeadKey, space.ModelName));
        });

    [Fact]
    public void A_champion_is_one_of_the_space_that_serves()
    {
        var state = new DatasetState();
        state.Backbones.Add("other", Created, "me", Now).Stage = BackboneStage.Ready;
        for (var n = 1; n <= 3; n++)
            state.Rounds.Add(new RoundEntry
            {
                Arm = Arms.Main,
                Number = n,
                OperationId = Guid.NewGuid(),
                Command = new StartRound(1),
                Promoted = true,
                HeadKey = GoesBy(n).Head,
                Model = new ModelVersion
                {
                    Arm = Arms.Main,
                    Round = n,
                    Backbone = n < 3 ? Created : "other",
                    ProjectionSha256 = Hash(n < 3 ? 0 : 7),
                    DataSha256 = Hash(n),
                    HeadSha256 = Hash(n),
                    Labels = n,
                },
            });
        state.Learning.ProjectionKey = $"projections/{Hash(0)}";
        Assert.Equal(2, state.ChampionOf(state.Rounds, Arms.Main, Schema)!.Number);
        state.Learning.ProjectionKey = $"projections/{Hash(7)}";
        Assert.Equal(3, state.ChampionOf(state.Rounds, Arms.Main, Schema)!.Number);
        // Nor has one that learned other classes anything to say; what is called otherwise is the same.
        var (renamed, added) = (new RenameClass("cat", "puma"), new AddClass(new LabelClass("bird")));
        Assert.Equal(3, state.ChampionOf(state.Rounds, Arms.Main, SchemaEdit.Apply(Schema, [renamed], out _))!.Number);
        var other = SchemaEdit.Apply(Schema, [renamed, added], out _);
        Assert.Null(state.ChampionOf(state.Rounds, Arms.Main, other));
        state.Rounds[2].Model = state.Rounds[2].Model! with { Schema = 2 };
        Assert.Equal(3, state.ChampionOf(state.Rounds, Arms.Main, other)!.Number);
        // Where the projection was lost, and is fitted anew, no head fits until a round has made one.
        state.Learning.ProjectionKey = null;
        Assert.Null(state.ChampionOf(state.Rounds, Arms.Main, Schema));
    }

    [Fact]
    public void A_state_of_before_there_were_several_is_one_of_the_backbone_that_it_was_created_with()
    {
        var state = new DatasetState();
        Assert.Null(state.Check());
        var learning = state.ToLearning();
        Assert.Equal((null, 0), (learning.Backbone, learning.Others!.Length));
        Assert.Equal(Created, learning.Serving(Created).Backbone);
    }

    [Theory]
    [InlineData("resnet", "resnet", true)]
    [InlineData("resnet-float16", "resnet", true)]
    [InlineData("resnet-18", "resnet", false)]
    [InlineData("resnet-18-float16", "resnet-18", true)]
    [InlineData("resne", "resnet", false)]
    public void A_version_is_its_backbones_alone(string version, string backbone, bool isOf) =>
        Assert.Equal(isOf, EmbeddingVersion.IsOf(version, backbone));

    [Fact]
    public void A_version_is_named_by_its_backbone_and_precision()
    {
        Assert.Equal(["b", "b-float16"], [EmbeddingVersion.Of("b", "Float32"), EmbeddingVersion.Of("b", "Float16")]);
        foreach (var precision in Enum.GetNames<Inference.Scoring.Precision>())
            Assert.Contains(EmbeddingVersion.Of("b", precision), EmbeddingVersion.AllOf("b"));
        Assert.True(EmbeddingVersion.Clash("b", "b-float16"));
        Assert.False(EmbeddingVersion.Clash("b", "b-18"));
    }
}
