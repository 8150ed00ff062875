using Winnow.Abstractions.Datasets;
using Winnow.Algorithms.Selection;
using Winnow.Grains.Datasets;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Policies;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Training;

/// <summary>Whatever a round names is settled before there is a round, and a refusal lists what there is.</summary>
public sealed class RoundCommandTests
{
    private static readonly string[] Known = ["main", "second"];

    private static readonly DatasetPolicies Policies = new() { ChangedBy = "ann", Version = 3, AnswerWithin = TimeSpan.FromHours(3) };

    private static readonly LabelSchema OneClass = new() { Classes = [new("cat"), new("dog")] };

    private static StartRound Accept(StartRound command, bool cold = false, LabelSchema? schema = null) =>
        RoundCommand.Accept(command, Known, cold, Policies, schema ?? OneClass);

    private static string Refusal(StartRound command, bool cold = false) =>
        Assert.Throws<RefusedException>(() => Accept(command, cold)).Message;

    [Fact]
    public void Defaults_follow_the_arm()
    {
        StartRound With(string arm, string strategy, string cold) => new(5, arm, strategy, cold)
        {
            AnswerWithin = TimeSpan.FromHours(3),
            Trainer = "logistic-regression",
            Promotion = "unless-worse",
            Policies = 3,
        };

        Assert.Equal(With(Arms.Main, "herding", "k-means"), Accept(new StartRound(5)));
        Assert.Equal(With(Arms.Control, "random", "random"), Accept(new StartRound(5, Arms.Control)));
        Assert.Equal(With("third", "k-means", "k-means"), Accept(new StartRound(5, "third", "k-means")));
        Assert.Equal(TimeSpan.FromMinutes(1), Accept(new StartRound(5) { AnswerWithin = TimeSpan.FromMinutes(1) }).AnswerWithin);
    }

    [Fact]
    public void What_a_command_leaves_open_the_policies_say()
    {
        var other = Policies with { Version = 4, Strategy = "margin", ColdStart = "random", Promotion = "only-better" };
        var accepted = RoundCommand.Accept(new StartRound(5), Known, cold: false, other, OneClass);
        Assert.Equal(("margin", "random", "only-better", 4),
            (accepted.Strategy, accepted.ColdStart, accepted.Promotion, accepted.Policies));
        // The control arm is there to be compared with, so it stays what it is.
        var control = RoundCommand.Accept(new StartRound(5, Arms.Control), Known, cold: false, other, OneClass);
        Assert.Equal(("random", "random", "only-better"), (control.Strategy, control.ColdStart, control.Promotion));
        Assert.Equal("herding", RoundCommand.Accept(new StartRound(5, Strategy: "herding"), Known, cold: false, other, OneClass).Strategy);
    }

    [Fact]
    public void Where_labels_are_no_single_class_a_round_runs_with_what_needs_no_model()
    {
        LabelSchema[] sets =
        [
            OneClass with { Geometries = [Geometry.Box] }, OneClass with { Geometries = [Geometry.Class, Geometry.Box], MultiLabel = true },
            OneClass with { Attributes = [new("seen", AttributeKind.Flag)] },
        ];
        foreach (var schema in sets)
        {
            Assert.Equal("coverage", Accept(new StartRound(5), schema: schema).Strategy);
            Assert.Equal("random", Accept(new StartRound(5, Arms.Control), schema: schema).Strategy);
            Assert.Equal("k-means", Accept(new StartRound(5, Strategy: "k-means"), schema: schema).Strategy);
            var refusal = Assert.Throws<RefusedException>(() => Accept(new StartRound(5, Strategy: "herding"), schema: schema)).Message;
            Assert.Contains("needs a model's scores, and no model is trained", refusal, StringComparison.Ordinal);
            Assert.Contains("random, k-means, coverage", refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Sets_of_classes_are_learnt_by_what_learns_them_and_not_before_all_silos_know_it()
    {
        var schema = OneClass with { MultiLabel = true };
        var accepted = Accept(new StartRound(5), schema: schema);
        Assert.Equal(("herding", "one-vs-rest"), (accepted.Strategy, accepted.Trainer));
        var refusal = Assert.Throws<RefusedException>(() =>
            Accept(new StartRound(5) { Trainer = "logistic-regression" }, schema: schema)).Message;
        Assert.Contains("learns one class of each image, which these labels are not", refusal, StringComparison.Ordinal);
        Assert.Contains("Name one that fits: logistic-regression.", Refusal(new StartRound(5) { Trainer = "one-vs-rest" }),
            StringComparison.Ordinal);
        var early = RoundCommand.Accept(new StartRound(5), Known, cold: true, Policies, schema, learnsSets: false);
        Assert.Equal("coverage", early.Strategy);
    }

    [Fact]
    public void A_name_that_no_trainer_and_no_promotion_rule_bears_is_refused_with_those_there_are()
    {
        Assert.Equal("trainer: there is no 'forest'. There are: logistic-regression, one-vs-rest.",
            Refusal(new StartRound(5) { Trainer = "forest" }));
        Assert.Equal(
            "promotion: there is no 'always'. There are: unless-worse, only-better.", Refusal(new StartRound(5) { Promotion = "always" }));
    }

    [Fact]
    public void Beside_the_last_release_a_command_says_nothing_that_it_does_not_know()
    {
        Assert.Equal(
            new StartRound(5, Arms.Main, "herding", "k-means") { AnswerWithin = TimeSpan.FromHours(3) },
            RoundCommand.WithoutDefaults(
                RoundCommand.Accept(new StartRound(5), Known, cold: false, Policies with { Version = 1 }, OneClass)));
    }

    [Theory]
    [InlineData(Arms.Main)]
    [InlineData(Arms.Control)]
    [InlineData("third")]
    public void A_name_that_no_strategy_bears_is_refused_in_every_arm_with_those_there_are(string arm)
    {
        foreach (var name in new[] { "entropy", "Herding", "", " random", "k-means\n" })
        {
            string[] refusals = [Refusal(new StartRound(5, arm, name)), Refusal(new StartRound(5, arm, "random", name))];
            Assert.StartsWith("strategy:", refusals[0]);
            Assert.StartsWith("coldStart:", refusals[1]);
            Assert.All(refusals, r => Assert.All(QueryStrategies.All, s => Assert.Contains(s.Name, r)));
            Assert.All(refusals, r => Assert.Contains($"'{name}'", r));
        }
    }

    [Fact]
    public void A_strategy_that_needs_scores_cannot_start_cold_nor_work_beside_the_main_arm()
    {
        Assert.Contains("random, k-means", Refusal(new StartRound(5, ColdStart: "margin")));
        var refusal = Refusal(new StartRound(5, "contrl"));
        Assert.Contains("'herding' needs scores", refusal);
        // Most likely the name of the arm is what is wrong.
        Assert.Contains("main, control, second", refusal);
    }

    [Theory]
    [InlineData("audit")]
    [InlineData("Main")]
    [InlineData("")]
    [InlineData("-main")]
    [InlineData("main/1")]
    [InlineData("ämter")]
    public void What_cannot_be_an_arm_is_refused_with_those_there_are(string arm) =>
        Assert.Contains("main, control, second", Refusal(new StartRound(5, arm)));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(100_001)]
    public void A_batch_is_of_a_size_that_can_be_asked(int size) => Assert.Contains("1 to 100000", Refusal(new StartRound(size)));

    [Fact]
    public void A_round_waits_for_answers_for_a_time_that_comes_to_an_end()
    {
        foreach (var time in new[] { TimeSpan.Zero, TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(0.9), TimeSpan.FromDays(366),
            TimeSpan.MaxValue, TimeSpan.MinValue, Timeout.InfiniteTimeSpan })
        {
            Assert.Contains("answerWithin must be 1 second to 365 days", Refusal(new StartRound(5) { AnswerWithin = time }));
            Assert.Contains("answerWithin must be 1 second to 365 days", new DatasetSettings { AnswerWithin = time }.Check());
        }
    }

    [Fact]
    public void A_batch_is_of_a_size_that_its_strategy_can_choose()
    {
        Assert.Equal("For larger ones name as strategy: random, margin, power-margin.", Tail(Refusal(new StartRound(10_001))));
        Assert.Equal("For larger ones name as coldStart: random.", Tail(Refusal(new StartRound(10_001), cold: true)));
        // What will not be asked for this time does not count.
        Accept(new StartRound(100_000, Strategy: "power-margin"));
        Accept(new StartRound(100_000, ColdStart: "random"), cold: true);
        Accept(new StartRound(10_000));
        Accept(new StartRound(10_000), cold: true);

        static string Tail(string refusal) => refusal[refusal.IndexOf("For larger", StringComparison.Ordinal)..];
    }
}
