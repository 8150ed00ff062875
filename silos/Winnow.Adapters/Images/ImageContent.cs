using System.Collections.Concurrent;
using System.Numerics;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Model.Acts;
using Winnow.Model.Images;

namespace Winnow.Adapters.Images;

/// <summary>
/// Serves images and smaller copies of them. The media type comes from the bytes, never from the name: what is no image is given out as
/// plain bytes, which no browser runs. Copies are JPEG (the decoder lays transparent pixels on white) and come in a few sizes only, so that
/// what is kept is bounded.
/// </summary>
internal sealed class ImageContent(IObjectStore objects, ImageDecoder decoder, IActBook acts) : IImageContent, IDisposable
{
    private const int LeastSide = 64;
    private const string UnknownType = "application/octet-stream";
    private const string DerivativeType = "image/jpeg";

    private readonly ConcurrentDictionary<string, Lazy<Task<ImageBytes>>> _making = new(StringComparer.Ordinal);
    // Decoding takes a processor each; more at once only take memory.
    private readonly SemaphoreSlim _decodes = new(Environment.ProcessorCount);

    public async Task<ImageBytes> GetOriginalAsync(
        string dataset, ImageId image, ContentCaller caller, CancellationToken cancellationToken)
    {
        var pass = await ContentPass.ForOneAsync(acts, ActKind.OriginalRead, dataset, image, caller, cancellationToken);
        var (found, problem) = await ReadAsync(pass, image, cancellationToken);
        if (found is not { } bytes) return problem!;
        return new ImageBytes(bytes, decoder.TryReadHeader(bytes.Span, out var header, out _) ? $"image/{header.Format}" : UnknownType);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The side is not 16 to 4,096.</exception>
    public async Task<ImageBytes> GetDerivativeAsync(string dataset, ImageId image, int maxSide, CancellationToken cancellationToken)
    {
        if (maxSide is < 16 or > 4_096)
            throw new ArgumentOutOfRangeException(nameof(maxSide), maxSide, "The longer side of a copy is 16 to 4096 pixels.");
        var side = SideFor(maxSide);
        var key = ObjectKeys.Derivative(dataset, image, side);
        if (await KeptAsync(key, cancellationToken) is { } kept) return new ImageBytes(kept, DerivativeType);
        // Whoever asks first makes it, for all: it must not end with that caller.
        var making = _making.GetOrAdd(key, k => new Lazy<Task<ImageBytes>>(() => Task.Run(() => MakeAsync(dataset, image, side, k))));
        return await making.Value.WaitAsync(cancellationToken);
    }

    public void Dispose() => _decodes.Dispose();

    /// <summary>64, 128, 256, … 4,096: the size asked for, or the next larger one.</summary>
    internal static int SideFor(int maxSide) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(LeastSide, maxSide));

    /// <summary>The original's bytes; or what is answered where this one cannot be read, which to ask again would not change.</summary>
    private async Task<(ReadOnlyMemory<byte>? Bytes, ImageBytes? Problem)> ReadAsync(
        ContentPass pass, ImageId image, CancellationToken cancellationToken)
    {
        var (bytes, fault) = await StoredImage.FetchAsync(objects, pass, image, cancellationToken);
        return fault switch
        {
            null => (bytes, null),
            { IsMissing: true } => (null, Lost($"there is no '{ObjectKeys.Image(pass.Dataset, image)}' in the object store.")),
            _ => (null, Lost($"the object store does not give them, {fault.Reason}")),
        };
    }

    private static ImageBytes Lost(string why) => new(ReadOnlyMemory<byte>.Empty, UnknownType, why) { IsLost = true };

    /// <summary>A copy that was made before; one that cannot be read is made again.</summary>
    private async Task<ReadOnlyMemory<byte>?> KeptAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.GetAsync(key, cancellationToken);
        }
        catch (ObjectUnreadableException)
        {
            return null;
        }
    }

    private async Task<ImageBytes> MakeAsync(string dataset, ImageId image, int side, string key)
    {
        try
        {
            // Between the caller's look and this call another one may have made it.
            if (await KeptAsync(key, CancellationToken.None) is { } kept) return new ImageBytes(kept, DerivativeType);
            var (found, problem) = await ReadAsync(
                ContentPass.OfCluster(dataset, ContentPurpose.Derive), image, CancellationToken.None);
            if (found is not { } bytes) return problem!;
            await _decodes.WaitAsync();
            byte[]? encoded;
            string? reason;
            try
            {
                if (!decoder.TryMakeDerivative(bytes, side, DerivativeFormat.Jpeg, out encoded, out reason))
                    return new ImageBytes(ReadOnlyMemory<byte>.Empty, UnknownType, reason);
            }
            finally
            {
                _decodes.Release();
            }
            try
            {
                await objects.PutAsync(key, encoded, CancellationToken.None);
            }
            catch (Exception e) when (e is StorageFullException or ObjectUnwritableException)
            {
                // Whoever only looks needs no room: it is made anew each time until there is some.
            }
            return new ImageBytes(encoded, DerivativeType);
        }
        finally
        {
            _making.TryRemove(key, out _);
        }
    }
}
