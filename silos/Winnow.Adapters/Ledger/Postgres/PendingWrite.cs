namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>One request to a writer. Either its caller gives up while it waits, or the writer takes it; never both.</summary>
internal sealed class PendingWrite<TIn, TOut>(TIn input, int rows)
{
    private const int Waiting = 0, Taken = 1, GivenUp = 2;

    // The writer must not run its callers' code.
    private readonly TaskCompletionSource<TOut> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public TIn Input { get; } = input;

    /// <summary>Roughly how much work it is.</summary>
    public int Rows { get; } = rows;

    public Task<TOut> Answer => _answer.Task;

    /// <summary>Claims the request for the writer; false when its caller has given up.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Waiting) == Waiting;

    /// <summary>Lets the caller go when it gives up before the writer has taken the request.</summary>
    public CancellationTokenRegistration GiveUpOn(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static (state, token) =>
        {
            var request = (PendingWrite<TIn, TOut>)state!;
            if (Interlocked.CompareExchange(ref request._state, GivenUp, Waiting) == Waiting) request._answer.TrySetCanceled(token);
        }, this);

    public void Complete(TOut answer) => _answer.TrySetResult(answer);

    public void Fail(Exception problem) => _answer.TrySetException(problem);
}
