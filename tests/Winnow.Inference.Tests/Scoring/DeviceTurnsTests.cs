using Winnow.Inference.Scoring;

namespace Winnow.Inference.Tests.Scoring;

public sealed class DeviceTurnsTests
{
    private readonly DeviceTurns _turns = new();

    [Fact]
    public void Turns_go_by_who_asked_first()
    {
        var asked = Enumerable.Range(0, 4).Select(_ => _turns.Ask()).ToArray();
        for (var i = 0; i < asked.Length; i++)
        {
            Assert.Equal(i + 1, asked.Count(t => t.IsCompleted));
            Assert.True(asked[i].IsCompleted);
            _turns.Begin(asked[i]);
            _turns.End();
        }
        Assert.True(_turns.Idle);
        Assert.True(_turns.Ask().IsCompleted);
        Assert.False(_turns.Idle);
    }

    [Fact]
    public void A_full_batch_waits_for_nobody_and_gives_up_its_place()
    {
        var (running, full, next) = (_turns.Ask(), _turns.Ask(), _turns.Ask());
        _turns.Begin(running);
        _turns.Begin(full);
        _turns.End();
        Assert.False(next.IsCompleted);
        _turns.End();
        Assert.True(next.IsCompleted);
        Assert.False(full.IsCompleted);
    }

    [Fact]
    public void A_batch_that_was_full_at_once_has_the_device_too()
    {
        _turns.Begin(null);
        var next = _turns.Ask();
        Assert.False(next.IsCompleted);
        _turns.End();
        Assert.True(next.IsCompleted);
    }
}
