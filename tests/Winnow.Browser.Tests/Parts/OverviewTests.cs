using Winnow.Model.Overview;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Studio.Overview;

namespace Winnow.Browser.Tests.Parts;

public sealed class OverviewTests
{
    private static CurvePoint Point(int round, int labels, double? accuracy) => new(round, labels, accuracy, null, true);

    [Fact]
    public void A_curve_is_drawn_from_two_measured_points_on()
    {
        Assert.Null(CurveDrawing.Of([]));
        Assert.Null(CurveDrawing.Of([new LearningCurveInfo(Arms.Main, "herding", [Point(1, 10, .5), Point(2, 20, null)])]));
        var drawing = CurveDrawing.Of([
            new LearningCurveInfo(Arms.Main, "herding", [Point(2, 200, .8), Point(1, 100, .6)]),
            new LearningCurveInfo(Arms.Control, "random", [Point(1, 100, .55), Point(2, 200, .79)]),
        ])!;
        Assert.Equal(["chosen", "random"], drawing.Lines.Select(l => l.Name));
        // From .5 at the bottom to .8 at the top; 200 labels at the right.
        Assert.Equal("M227.5 154L415 34", drawing.Lines[0].Path);
        Assert.Equal((415, 34), (drawing.Lines[0].EndX, drawing.Lines[0].EndY));
        Assert.True(Math.Abs(drawing.Lines[0].NameY - drawing.Lines[1].NameY) >= 14);
        Assert.Equal([".50", ".60", ".70", ".80"], drawing.Ticks.Select(t => t.Name));
        Assert.Equal(["0", "50", "100", "150", "200"], drawing.Labels.Select(l => l.Name));
    }

    [Fact]
    public void What_is_to_be_done_next_follows_from_where_the_dataset_stands()
    {
        var status = new DatasetStatus { Name = "pets" };
        Assert.Equal(NextDoes.Import, NextAct.Of(status).Does);
        status = status with { Images = 100, ScoringBacklog = 3 };
        Assert.Equal("3 images are still to be scored", NextAct.Of(status).Says);
        status = status with { ScoringBacklog = 0 };
        Assert.Equal(NextDoes.StartRound, NextAct.Of(status).Does);
        status.TasksByKind = new Dictionary<TaskKind, long> { [TaskKind.Label] = 1, [TaskKind.Verify] = 2 };
        Assert.Equal((NextDoes.Label, "1 task waits for an answer"), (NextAct.Of(status).Does, NextAct.Of(status).Says));
        status.TasksByKind = new Dictionary<TaskKind, long> { [TaskKind.Verify] = 2 };
        Assert.Equal((NextDoes.Verify, "2 labels wait to be verified"), (NextAct.Of(status).Does, NextAct.Of(status).Says));
        status = status with { Decided = 7, VersionsMade = 1 };
        status.TasksByKind = new Dictionary<TaskKind, long>();
        Assert.Equal(NextDoes.StartRoundOrVersion, NextAct.Of(status).Does);
        Assert.Equal([("Images", true), ("Answers", true), ("Model", false), ("Versions", true)],
            NextAct.StepsOf(status).Select(s => (s.Name, s.Done)));
        Assert.Equal("Model", Assert.Single(NextAct.StepsOf(status), s => s.Now).Name);
    }
}
