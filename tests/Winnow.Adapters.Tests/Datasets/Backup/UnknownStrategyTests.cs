using Winnow.Grains.Datasets;
using Winnow.Grains.Training;
using Winnow.Model.Training;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>A backup of a release with other strategies: what had not ended there ends by itself here, so it keeps nothing out.</summary>
public sealed class UnknownStrategyTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(60);

    [Theory]
    [InlineData(RoundStep.Select, true)]
    [InlineData(RoundStep.Review, false)]
    public void A_round_of_a_strategy_of_another_release_is_taken_over(RoundStep step, bool sound)
    {
        var command = new StartRound(5, Arms.Main, "of-tomorrow", "of-tomorrow-too");
        var entry = new RoundEntry { Arm = Arms.Main, Number = 1, OperationId = Guid.NewGuid(), Command = command };
        Assert.Null(entry.CheckWhole(Now));
        var wrong = new RoundState { Command = command, Step = step, StartedAt = Now.AddYears(-1) }.CheckWhole(entry, Now);
        // What its step needs is asked for as of any other round.
        Assert.Equal(sound, wrong is null);
        if (!sound) Assert.StartsWith("selected or projectionKey is missing", wrong, StringComparison.Ordinal);
    }
}
