using CsCheck;
using Winnow.Inference.Scoring;

namespace Winnow.Inference.Tests.Scoring;

/// <summary>How many bytes an engine holds, whatever sizes come.</summary>
public sealed class FetchBudgetTests
{
    private const int Bound = 1_000;

    [Fact]
    public void What_is_held_stays_within_the_bound_once_sizes_are_known() =>
        Gen.Select(Gen.Int[1, 400], Gen.Int[1, 16]).Sample((size, fetchers) =>
        {
            var budget = new FetchBudget(Bound);
            // A first one tells how large they are.
            Assert.True(budget.EnterAsync().IsCompleted);
            budget.Fetched(size);
            budget.Decoded(size);
            var entered = 0;
            var waiting = Enumerable.Range(0, fetchers).Select(_ => budget.EnterAsync().AsTask()).ToList();
            foreach (var enter in waiting.Where(w => w.IsCompleted)) entered++;
            Assert.InRange(entered * size, Math.Min(size, Bound), Math.Max(size, Bound));
            Assert.True(entered == fetchers || (entered + 1) * size > Bound);
        });

    [Fact]
    public async Task Who_waits_comes_in_when_others_are_decoded_and_one_is_always_let_in()
    {
        var budget = new FetchBudget(Bound);
        await budget.EnterAsync();
        // Larger than the whole bound.
        budget.Fetched(5_000);
        var next = budget.EnterAsync().AsTask();
        Assert.False(next.IsCompleted);
        budget.Decoded(5_000);
        await next.WaitAsync(TimeSpan.FromSeconds(30));
        var third = budget.EnterAsync().AsTask();
        Assert.False(third.IsCompleted);
        // One that could not be fetched takes no room.
        budget.Fetched(0);
        await third.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
