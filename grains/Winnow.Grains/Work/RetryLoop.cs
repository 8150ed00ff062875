namespace Winnow.Grains.Work;

/// <summary>
/// Work of a grain that goes on beside its calls, and that time mends: what fails is tried again, later and later, for as long as the grain
/// lives. Every step runs on the grain's own scheduler, so that it may touch the grain's state.
/// </summary>
internal static class RetryLoop
{
    /// <summary>Takes one step after the other until one finds nothing to do, or the work is told to end. Never throws.</summary>
    /// <param name="step">Does what is next; false when nothing is. One that failed is taken again after a pause.</param>
    /// <param name="failed">Told what failed and how long the pause is.</param>
    /// <param name="pauses">The first pause, and the longest: it doubles until a step succeeds.</param>
    /// <param name="time">Measures the pauses.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <param name="hurry">A task whose end cuts a pause short; null where nothing does.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task<bool>> step, Action<Exception, TimeSpan> failed, (TimeSpan First, TimeSpan Longest) pauses,
        TimeProvider time,
        CancellationToken cancellationToken, Func<Task>? hurry = null)
    {
        // Whoever sets the work going does not wait for its first step.
        await Task.Yield();
        var pause = pauses.First;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (!await step(cancellationToken)) return;
                pause = pauses.First;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                failed(e, pause);
                using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var waited = Task.Delay(pause, time, over.Token);
                await (hurry is null ? Task.WhenAny(waited) : Task.WhenAny(waited, hurry()));
                await over.CancelAsync();
                pause = pause * 2 < pauses.Longest ? pause * 2 : pauses.Longest;
            }
        }
    }
}
