using System.Runtime.ExceptionServices;
using Winnow.Abstractions.Scoring;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Grains.Scoring;

/// <summary>
/// Runs lots so that an image which brings down what looks at it is found and put aside, and the others are scored. Where it makes the embedder fail, the
/// lot is halved until the image stands alone. Where it ends the process, the notes name the lot after the restart, and its images are looked at one
/// by one.
/// </summary>
internal sealed class CarefulEmbedder(IEmbedder embedder, ICrashNotes notes)
{
    // Of the process, as it is the process that dies: while somebody is suspected, nothing else may be under way that could be the cause.
    private static readonly SemaphoreSlim Alone = new(1, 1);

    public int Dimensions => embedder.Dimensions;

    /// <summary>Embeds a lot; <paramref name="fetch"/> gives the bytes of one of its images.</summary>
    /// <exception cref="Exception">What the embedder or the fetch threw, where it was not for single images.</exception>
    public async Task<Embedded> EmbedAsync(EmbedLot lot, Func<ImageId, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch, CancellationToken cancellationToken)
    {
        var run = new Run(this, lot, fetch, cancellationToken);
        if (!notes.AnySuspect) return await run.TogetherAsync();
        await Alone.WaitAsync(cancellationToken);
        try
        {
            return await run.WithCareAsync();
        }
        finally
        {
            Alone.Release();
        }
    }

    /// <summary>One lot under way.</summary>
    private sealed class Run(CarefulEmbedder owner, EmbedLot lot, Func<ImageId, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch, CancellationToken cancellationToken)
    {
        private readonly Half[] _vectors = new Half[lot.Images.Length * owner.Dimensions];
        private readonly string?[] _reasons = new string?[lot.Images.Length];
        private readonly List<(int Index, Exception Failure)> _failures = [];
        private bool _fetchFailed;
        private int _sound = -1;

        public async Task<Embedded> TogetherAsync()
        {
            var all = new int[lot.Images.Length];
            for (var i = 0; i < all.Length; i++) all[i] = i;
            await HalveAsync(all);
            return await SettleAsync();
        }

        public async Task<Embedded> WithCareAsync()
        {
            var others = new List<int>();
            for (var i = 0; i < lot.Images.Length; i++)
            {
                switch (owner.SuspicionOf(lot, i))
                {
                    case Suspicion.None:
                        others.Add(i);
                        break;
                    case Suspicion.Suspect:
                        await HalveAsync(new[] { i });
                        break;
                    default:
                        Refuse(i, "The process that scores ended each time it looked at this image: it is damaged in a way that the decoder or the model does not survive, or was made to be. Look at it with care, or remove it.");
                        break;
                }
            }
            if (others.Count > 0) await HalveAsync(others.ToArray());
            return await SettleAsync();
        }

        /// <summary>Runs some of the lot's images; where that fails, each half of them by itself.</summary>
        private async Task HalveAsync(ReadOnlyMemory<int> some)
        {
            try
            {
                await RunAsync(some);
                _sound = some.Span[0];
            }
            catch (Exception e) when (e is not OperationCanceledException && !_fetchFailed)
            {
                if (some.Length == 1)
                {
                    _failures.Add((some.Span[0], e));
                    return;
                }
                await HalveAsync(some[..(some.Length / 2)]);
                await HalveAsync(some[(some.Length / 2)..]);
            }
        }

        /// <summary>Puts aside what failed alone, fails again, and between the two a sound image does not: anything less may be the device's fault.</summary>
        private async Task<Embedded> SettleAsync()
        {
            if (_failures.Count > 0 && _sound < 0) ExceptionDispatchInfo.Throw(_failures[0].Failure);
            foreach (var (index, _) in _failures)
            {
                await RunAsync(new[] { _sound });
                try
                {
                    await RunAsync(new[] { index });
                }
                catch (Exception e) when (e is not OperationCanceledException && !_fetchFailed)
                {
                    Refuse(index, $"Scoring fails on this image alone, though it works on others: {e.Message}");
                }
            }
            return new Embedded(_vectors, _reasons);
        }

        private async Task RunAsync(ReadOnlyMemory<int> some)
        {
            var images = new ImageId[some.Length];
            for (var i = 0; i < images.Length; i++) images[i] = lot.Images[some.Span[i]];
            using var note = owner.Begin(lot.Dataset, images);
            var embedded = await owner.RunAsync(images.Length, (i, ct) => FetchAsync(images[i], ct), cancellationToken);
            var dimensions = owner.Dimensions;
            for (var i = 0; i < images.Length; i++)
            {
                embedded.Vectors.AsSpan(i * dimensions, dimensions).CopyTo(_vectors.AsSpan(some.Span[i] * dimensions));
                _reasons[some.Span[i]] = embedded.Reasons[i];
            }
        }

        private async ValueTask<ReadOnlyMemory<byte>> FetchAsync(ImageId image, CancellationToken ct)
        {
            try
            {
                return await fetch(image, ct);
            }
            catch
            {
                // The store is away, which is no property of an image: the caller comes again.
                _fetchFailed = true;
                throw;
            }
        }

        private void Refuse(int index, string reason)
        {
            _vectors.AsSpan(index * owner.Dimensions, owner.Dimensions).Fill(Half.NaN);
            _reasons[index] = reason;
        }
    }

    private Suspicion SuspicionOf(EmbedLot lot, int index) => notes.Of(lot.Dataset, lot.Images[index]);

    private IDisposable Begin(string dataset, ImageId[] images) => notes.Begin(dataset, images);

    private Task<Embedded> RunAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch, CancellationToken cancellationToken) =>
        embedder.EmbedAsync(count, fetch, cancellationToken);
}
