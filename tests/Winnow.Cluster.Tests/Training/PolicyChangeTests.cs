using Winnow.Abstractions.Datasets;
using Winnow.Grains.Datasets;
using Winnow.Model.Policies;

namespace Winnow.Cluster.Tests.Training;

/// <summary>What policies name is settled when they are changed, and a change that is repeated changes nothing more.</summary>
public sealed class PolicyChangeTests
{
    private static readonly DatasetPolicies Current = new() { ChangedBy = "ann", Version = 2 };
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);

    private static DatasetPolicies Next(ChangePolicies change) => PolicyChange.Next(Current, change, "bob", Now);

    private static string Refusal(ChangePolicies change) => Assert.Throws<RefusedException>(() => Next(change)).Message;

    [Fact]
    public void What_is_left_out_stays()
    {
        var next = Next(new ChangePolicies { TasksPerPerson = 7 });
        Assert.Equal(Current with { Version = 3, ChangedBy = "bob", ChangedAt = Now, TasksPerPerson = 7 }, next);
    }

    [Fact]
    public void A_change_that_changes_nothing_makes_no_version()
    {
        Assert.Same(Current, Next(new ChangePolicies()));
        Assert.Same(Current, Next(new ChangePolicies { Strategy = Current.Strategy }));
        // Repeated after its answer was lost: what it was about has gone on, to just that.
        Assert.Same(Current, Next(new ChangePolicies { Version = 1, Strategy = Current.Strategy }));
    }

    [Fact]
    public void Somebody_elses_change_is_not_overwritten_unseen()
    {
        Assert.Equal(3, Next(new ChangePolicies { Version = 2, TasksPerPerson = 7 }).Version);
        Assert.Contains("version 2 by now, and version 1", Refusal(new ChangePolicies { Version = 1, TasksPerPerson = 7 }),
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_followed_is_refused_by_name()
    {
        Assert.StartsWith("answerWithin must be", Refusal(new ChangePolicies { AnswerWithin = TimeSpan.Zero }), StringComparison.Ordinal);
        Assert.StartsWith("tasksPerPerson must be", Refusal(new ChangePolicies { TasksPerPerson = 0 }), StringComparison.Ordinal);
        Assert.StartsWith("strategy: there is no 'entropy'.", Refusal(new ChangePolicies { Strategy = "entropy" }),
            StringComparison.Ordinal);
        Assert.StartsWith("coldStart: there is no", Refusal(new ChangePolicies { ColdStart = "entropy" }), StringComparison.Ordinal);
        Assert.Contains("cannot start cold", Refusal(new ChangePolicies { ColdStart = "margin" }), StringComparison.Ordinal);
        Assert.StartsWith("trainer: there is no 'forest'.", Refusal(new ChangePolicies { Trainer = "forest" }), StringComparison.Ordinal);
        Assert.StartsWith("promotion: there is no 'always'.", Refusal(new ChangePolicies { Promotion = "always" }),
            StringComparison.Ordinal);
    }
}
