using Winnow.Abstractions.Training;
using Winnow.Algorithms.Training;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model.Labels;

namespace Winnow.Cluster.Tests.Training;

/// <summary>From which labels a model is trained, and by what.</summary>
public sealed class LearnableTests
{
    private static readonly LabelSchema OneClass = new() { Classes = [new("cat"), new("dog")] };
    private static readonly LabelSchema Tags = OneClass with { MultiLabel = true };

    [Fact]
    public void Sets_of_classes_are_learnt_once_all_silos_know_such_models()
    {
        Assert.Null(Learnable.WhyNot(OneClass, learnsSets: false));
        Assert.Null(Learnable.WhyNot(Tags, learnsSets: true));
        Assert.Contains("until all silos are of this release", Learnable.WhyNot(Tags, learnsSets: false), StringComparison.Ordinal);
        Assert.Contains("diversity alone", Learnable.WhyNot(Tags with { Geometries = [Geometry.Class, Geometry.Box] }, true),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_trainer_of_other_labels_gives_way_to_one_of_these()
    {
        Assert.Equal("logistic-regression", Learnable.TrainerOf(null, OneClass).Name);
        Assert.Equal("one-vs-rest", Learnable.TrainerOf(null, Tags).Name);
        // Policies name the first trainer unless somebody says otherwise.
        Assert.Equal("one-vs-rest", Learnable.TrainerOf("logistic-regression", Tags).Name);
        Assert.Equal("logistic-regression", Learnable.TrainerOf("one-vs-rest", OneClass).Name);
    }

    [Fact]
    public void A_trainer_that_is_named_for_other_labels_is_refused_with_those_that_fit()
    {
        var (one, sets) = (Trainers.All.Get("logistic-regression"), Trainers.All.Get("one-vs-rest"));
        Assert.Null(Learnable.NotFor(one, OneClass));
        Assert.Null(Learnable.NotFor(sets, Tags));
        Assert.EndsWith("Name one that fits: one-vs-rest.", Learnable.NotFor(one, Tags), StringComparison.Ordinal);
        Assert.EndsWith("Name one that fits: logistic-regression.", Learnable.NotFor(sets, OneClass), StringComparison.Ordinal);
    }

    [Fact]
    public void Sets_come_back_as_they_were_sent()
    {
        int[][] sets = [[0, 2], [], [1], []];
        Assert.Equal(sets, ClassSets.Of(sets).Each());
        Assert.Empty(ClassSets.Of([]).Each());
    }

    [Fact]
    public void No_model_of_sets_is_made_below_its_level() => Assert.True(ClusterLevels.MultiLabel <= ClusterLevels.Newest);
}
