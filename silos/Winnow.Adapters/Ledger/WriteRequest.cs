namespace Winnow.Adapters.Ledger;

/// <summary>What a request made of its savepoint: the answer, and whether its changes stay.</summary>
internal readonly record struct Written<T>(T Result, bool Keep);

/// <summary>One request to the writer. Either its caller gives up while it waits, or the writer takes it; never both.</summary>
internal abstract class WriteRequest(int rows)
{
    private const int Waiting = 0, Taken = 1, GivenUp = 2;
    private int _state;

    /// <summary>Roughly how much work it is.</summary>
    public int Rows { get; } = rows;

    /// <summary>Claims the request for the writer; false when its caller has given up.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Waiting) == Waiting;

    protected bool TryGiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, Waiting) == Waiting;

    /// <summary>Makes the changes; false when they are to be rolled back.</summary>
    public abstract bool Apply(SqliteSession session);

    /// <summary>Answers the caller. Call once the transaction is on disk.</summary>
    public abstract void Complete();

    /// <summary>Tells the caller what happened instead.</summary>
    public abstract void Fail(Exception problem);
}

/// <inheritdoc/>
internal sealed class WriteRequest<T>(int rows, Func<SqliteSession, Written<T>> apply) : WriteRequest(rows)
{
    // The writer must not run its callers' code.
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public Task<T> Answer => _answer.Task;

    /// <summary>Lets the caller go when it gives up before the writer has taken the request.</summary>
    public CancellationTokenRegistration GiveUpOn(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static (state, token) =>
        {
            var request = (WriteRequest<T>)state!;
            if (request.TryGiveUp()) request._answer.TrySetCanceled(token);
        }, this);

    public override bool Apply(SqliteSession session)
    {
        var written = apply(session);
        _result = written.Result;
        return written.Keep;
    }

    public override void Complete() => _answer.TrySetResult(_result);

    public override void Fail(Exception problem) => _answer.TrySetException(problem);
}
