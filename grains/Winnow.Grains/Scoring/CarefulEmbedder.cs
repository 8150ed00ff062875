using Winnow.Abstractions.Health;
using Winnow.Abstractions.Scoring;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Grains.Scoring;

/// <summary>
/// Runs lots so that an image which brings down what looks at it is found and put aside, and the others are scored. Where it makes the
/// embedder fail, the lot is halved until the image stands alone; where it fails on a plain picture too, it is the device's fault, and
/// nothing is put aside. Where it ends the process, the notes name the lot after the restart, and its images are looked at one by one.
/// </summary>
internal sealed class CarefulEmbedder(IEmbedder embedder, ICrashNotes notes)
{
    /// <summary>A PNG of 32 x 32 grey pixels.</summary>
    internal static readonly byte[] PlainPicture = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAAAAABWESUoAAAAFklEQVR42mNoIAAYRhWMKhhVMFIVAABCAAAfN5c2AAAAAABJRU5ErkJggg==");

    // Of the process, as it is the process that dies: while somebody is suspected, nothing else may be under way that could be the cause.
    private static readonly SemaphoreSlim Alone = new(1, 1);

    public int Dimensions => embedder.Dimensions;

    /// <summary>Embeds a lot; <paramref name="fetch"/> gives the bytes of one of its images.</summary>
    /// <exception cref="Exception">What the embedder or the fetch threw, where it was not for single images.</exception>
    public async Task<Embedded> EmbedAsync(EmbedLot lot, Func<ImageId, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
        CancellationToken cancellationToken)
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
    private sealed class Run(CarefulEmbedder owner, EmbedLot lot, Func<ImageId, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
        CancellationToken cancellationToken)
    {
        private readonly Half[] _vectors = new Half[lot.Images.Length * owner.Dimensions];
        private readonly string?[] _reasons = new string?[lot.Images.Length];
        private bool _fetchFailed;

        public async Task<Embedded> TogetherAsync()
        {
            var all = new int[lot.Images.Length];
            for (var i = 0; i < all.Length; i++) all[i] = i;
            await HalveAsync(all);
            return new Embedded(_vectors, _reasons);
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
                        Refuse(i, "The process that scores ended each time it looked at this image: it is damaged in a way that the "
                            + "decoder or the model does not survive, or was made to be. Look at it with care, or remove it.");
                        break;
                }
            }
            if (others.Count > 0) await HalveAsync(others.ToArray());
            return new Embedded(_vectors, _reasons);
        }

        /// <summary>Runs some of the lot's images; where that fails, each half of them by itself.</summary>
        private async Task HalveAsync(ReadOnlyMemory<int> some)
        {
            if (await FailureOfAsync(some) is null) return;
            if (some.Length > 1)
            {
                await HalveAsync(some[..(some.Length / 2)]);
                await HalveAsync(some[(some.Length / 2)..]);
            }
            // It failed alone, then a plain picture did not: if it fails once more, it is not the device's bad moment.
            else if (await FailureOfAsync(some) is { } again)
            {
                Refuse(some.Span[0],
                    $"Scoring fails on this image alone, though it works on a plain picture: {FailureText.Told(again)}");
            }
        }

        /// <summary>Runs some images; null where that works.</summary>
        /// <exception cref="Exception">What was thrown, where it is not for these images: the store fails, or the device fails on a plain
        /// picture too.</exception>
        private async Task<Exception?> FailureOfAsync(ReadOnlyMemory<int> some)
        {
            try
            {
                await RunAsync(some);
                return null;
            }
            catch (Exception e) when (e is not OperationCanceledException && !_fetchFailed)
            {
                if (!await owner.WorksAsync(cancellationToken)) throw;
                return e;
            }
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

    /// <summary>Whether the embedder can look at a plain picture.</summary>
    private async Task<bool> WorksAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(1, (_, _) => new(PlainPicture), cancellationToken);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return false;
        }
    }

    private Suspicion SuspicionOf(EmbedLot lot, int index) => notes.Of(lot.Dataset, lot.Images[index]);

    private IDisposable Begin(string dataset, ImageId[] images) => notes.Begin(dataset, images);

    private Task<Embedded> RunAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
        CancellationToken cancellationToken) =>
        embedder.EmbedAsync(count, fetch, cancellationToken);
}
