namespace Winnow.Inference.Scoring;

/// <summary>The embeddings of the images of one call.</summary>
/// <param name="Vectors">[count, Dimensions], in the order of the call; a refused image has a row of NaN.</param>
/// <param name="Reasons">For each image, null, or why it was refused.</param>
public sealed record EmbeddingLot(Half[] Vectors, string?[] Reasons);

/// <summary>
/// A call under way. It ends when every image has its answer, or at once (but never while a fetch or a decode still uses what the caller
/// gave) when a fetch fails or the caller cancels.
/// </summary>
internal sealed class PendingLot
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<EmbeddingLot> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Never disposed: it has neither timer nor parent, and a late fetch may still look at its token.
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> _fetch;
    private readonly EmbeddingLot _lot;
    private readonly int _dimensions;
    private Exception? _failure;
    private int _remaining;
    private int _using;

    public PendingLot(int count, int dimensions, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch)
    {
        _lot = new EmbeddingLot(new Half[count * dimensions], new string?[count]);
        (_remaining, _dimensions, _fetch) = (count, dimensions, fetch);
    }

    public Task<EmbeddingLot> Completion => _completion.Task;

    /// <summary>Cancelled as soon as the lot fails or is cancelled.</summary>
    public CancellationToken Stopped => _stop.Token;

    public ValueTask<ReadOnlyMemory<byte>> FetchAsync(int index) => _fetch(index, Stopped);

    /// <summary>
    /// Begins to use what the caller gave; false when the lot is over. Each success is followed by one <see cref="EndUse"/>.
    /// </summary>
    public bool TryUse()
    {
        lock (_lock)
        {
            if (_failure is not null)
                return false;
            _using++;
            return true;
        }
    }

    public void EndUse()
    {
        lock (_lock)
        {
            _using--;
            Settle();
        }
    }

    public void Refuse(int index, string reason)
    {
        _lot.Vectors.AsSpan(index * _dimensions, _dimensions).Fill(Half.NaN);
        _lot.Reasons[index] = reason;
        Finish(InferenceTelemetry.Refused);
    }

    /// <summary>Takes the embedding of one image; one that has no finite float16 form is refused.</summary>
    public void Accept(int index, ReadOnlySpan<float> embedding)
    {
        var row = _lot.Vectors.AsSpan(index * _dimensions, _dimensions);
        var finite = true;
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = (Half)embedding[i];
            finite &= Half.IsFinite(row[i]);
        }
        if (finite)
            Finish(InferenceTelemetry.Scored);
        else
            Refuse(index, "The backbone gives a value for this image that is not a finite float16; look at the image, and if it is sound, "
                + "at the backbone.");
    }

    /// <summary>Ends the lot with an exception, the first one given. An <see cref="OperationCanceledException"/> cancels it.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            if (_completion.Task.IsCompleted || _failure is not null)
                return;
            _failure = failure;
        }
        _stop.Cancel();
        lock (_lock)
            Settle();
    }

    private void Finish(KeyValuePair<string, object?> outcome)
    {
        // Counted first, so that whoever waits for the lot finds it counted.
        InferenceTelemetry.Images.Add(1, outcome);
        if (Interlocked.Decrement(ref _remaining) == 0)
            _completion.TrySetResult(_lot);
    }

    private void Settle()
    {
        if (_failure is null || _using > 0 || !_stop.IsCancellationRequested)
            return;
        if (_failure is OperationCanceledException cancelled)
            _completion.TrySetCanceled(cancelled.CancellationToken);
        else
            _completion.TrySetException(_failure);
    }
}
