using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Winnow.Model.Images;

namespace Winnow.Client;

/// <summary>
/// One import: images are read into lots, lots are sent several at once, and every image is answered for exactly once, be it by the
/// server or because it could not be read or sent. Each lot is read only when there is room for it, so memory is bounded by the lots on
/// their way.
/// </summary>
internal sealed class ImportRun(ImportOptions options, IntakeLimits? limits, SendLot send)
{
    private readonly record struct Answer(IReadOnlyList<IngestResult> Results, long Bytes);

    private readonly Channel<Lot> _lots = Channel.CreateBounded<Lot>(1);
    private readonly Channel<Answer> _answers = Channel.CreateBounded<Answer>(options.Concurrency);
    private readonly LotSender _sender = new(send);

    public async IAsyncEnumerable<IngestResult> RunAsync(
        IAsyncEnumerable<ImageToImport> images, IProgress<ImportProgress>? progress,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = WorkAsync(images, stop);
        var done = new ImportProgress(0, 0, 0, 0, 0);
        try
        {
            await foreach (var answer in _answers.Reader.ReadAllAsync(cancellationToken))
            {
                progress?.Report(done = done.With(answer.Results, answer.Bytes));
                foreach (var result in answer.Results) yield return result;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await work;
        }
    }

    private async Task WorkAsync(IAsyncEnumerable<ImageToImport> images, CancellationTokenSource stop)
    {
        var reading = ReadAsync(images, stop.Token);
        var sending = Enumerable.Range(0, options.Concurrency).Select(_ => SendAsync(stop)).ToArray();
        Exception? failure = null;
        foreach (var task in (Task[])[.. sending, reading])
        {
            try
            {
                await task;
            }
            catch (Exception e)
            {
                // The first real failure is what the caller hears of; the cancellations that it causes are not.
                if (failure is null or OperationCanceledException) failure = e;
            }
        }
        _answers.Writer.TryComplete(failure);
    }

    /// <summary>
    /// Reads all images into lots. Where the caller's sequence itself fails, what was read before is sent still, and then it is told.
    /// </summary>
    private async Task ReadAsync(IAsyncEnumerable<ImageToImport> images, CancellationToken cancellationToken)
    {
        var lot = new LotBuilder(options, limits);
        try
        {
            try
            {
                await foreach (var image in images.WithCancellation(cancellationToken)) await AddAsync(lot, image, cancellationToken);
            }
            finally
            {
                if (!lot.IsEmpty) await _lots.Writer.WriteAsync(lot.Take(), cancellationToken);
            }
        }
        finally
        {
            _lots.Writer.TryComplete();
        }
    }

    private async Task AddAsync(LotBuilder lot, ImageToImport image, CancellationToken cancellationToken)
    {
        var problem = image.Size is { } size ? lot.Refuse(image, size) : null;
        ReadOnlyMemory<byte> content = default;
        try
        {
            if (problem is null)
            {
                content = await image.Read(cancellationToken);
                problem = lot.Refuse(image, content.Length);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            problem = e is IOException or UnauthorizedAccessException ? e.Message : $"It cannot be read: {e.GetType().Name}: {e.Message}";
        }
        if (problem is not null)
        {
            await _answers.Writer.WriteAsync(new Answer([LotSender.LeftOut(image.Name, problem)], 0), cancellationToken);
            return;
        }
        if (!lot.Fits(image, content.Length)) await _lots.Writer.WriteAsync(lot.Take(), cancellationToken);
        lot.Add(image, content);
        if (lot.IsFull) await _lots.Writer.WriteAsync(lot.Take(), cancellationToken);
    }

    private async Task SendAsync(CancellationTokenSource stop)
    {
        try
        {
            await foreach (var lot in _lots.Reader.ReadAllAsync(stop.Token))
                await _answers.Writer.WriteAsync(new Answer(await _sender.SendAsync(lot, stop.Token), lot.Bytes), stop.Token);
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }
}
