using Winnow.Algorithms.Numerics;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>Something that is asked of a writer, and may be given up at any time.</summary>
internal abstract record ComingRequest<TTold>(int Id)
{
    public CancellationTokenSource GiveUp { get; } = new();

    /// <summary>What its author is told.</summary>
    public Task<TTold> Told { get; set; } = null!;
}

/// <summary>
/// Requests that come to a writer: some before it begins, the others from within its own turns, so that no order is chance. Whoever comes
/// and who gives up is drawn from the seed.
/// </summary>
/// <param name="random">What is drawn from.</param>
/// <param name="oneInGivesUp">Of so many turns, in one somebody gives up.</param>
/// <param name="draw">Makes the request of a number.</param>
/// <param name="ask">Asks the writer.</param>
internal sealed class ComingRequests<TRequest, TTold>(
    SeededRandom random, int oneInGivesUp, Func<int, TRequest> draw, Func<TRequest, Task<TTold>> ask)
    where TRequest : ComingRequest<TTold>
{
    private const int AtFirst = 4;
    private const int InAll = 24;

    private readonly List<TRequest> _all = [];
    private readonly Lock _coming = new();

    /// <summary>All that came; to be read when they have ended.</summary>
    public IReadOnlyList<TRequest> All => _all;

    /// <summary>The first ones come. The writer stands still meanwhile.</summary>
    public void Begin()
    {
        for (var i = 0; i < AtFirst; i++) Come();
    }

    /// <summary>Others come, or give up, while the writer is at work.</summary>
    public void Meanwhile()
    {
        lock (_coming)
        {
            for (var i = random.Next(3); i > 0 && _all.Count < InAll; i--) Come();
            if (random.Next(oneInGivesUp) == 0) _all[random.Next(_all.Count)].GiveUp.Cancel();
        }
    }

    /// <summary>Waits until all have come and each was told.</summary>
    public async Task EndAsync()
    {
        while (true)
        {
            TRequest[] come;
            lock (_coming) come = [.. _all];
            await Task.WhenAll(come.Select(r => r.Told));
            lock (_coming)
            {
                if (_all.Count > come.Length) continue;
                if (_all.Count == InAll) return;
                // The writer has nothing left to do: all that waited had given up, or went down together.
                Come();
            }
        }
    }

    private void Come()
    {
        var request = draw(_all.Count + 1);
        _all.Add(request);
        request.Told = ask(request);
    }
}
