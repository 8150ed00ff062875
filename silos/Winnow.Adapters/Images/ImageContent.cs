using System.Collections.Concurrent;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Model.Images;

namespace Winnow.Adapters.Images;

/// <summary>Bytes of images, and smaller copies that are made on first use and kept beside the originals.</summary>
public sealed class ImageContent(IObjectStore objects, ImageDecoder decoder) : IImageContent
{
    // A few sizes serve every request: a caller cannot fill the store with copies.
    private static readonly int[] Sizes = [64, 128, 256, 512, 1024, 2048, 4096];

    private readonly ConcurrentDictionary<string, Lazy<Task<ImageBytes?>>> _making = new(StringComparer.Ordinal);

    public async Task<ImageBytes?> GetOriginalAsync(string dataset, ImageId image, CancellationToken cancellationToken)
    {
        if (await objects.GetAsync(ObjectKeys.Image(dataset, image), cancellationToken) is not { } bytes) return null;
        // What is not an image is never served as anything that a browser would run.
        return new ImageBytes(bytes, decoder.TryReadHeader(bytes, out var header, out _) ? MediaTypeOf(header.Format) : "application/octet-stream");
    }

    public async Task<ImageBytes?> GetDerivativeAsync(string dataset, ImageId image, int maxSide, CancellationToken cancellationToken)
    {
        var side = Sizes.FirstOrDefault(s => s >= maxSide, Sizes[^1]);
        var key = ObjectKeys.Derivative(dataset, image, side);
        if (await objects.GetAsync(key, cancellationToken) is { } known) return new ImageBytes(known, "image/jpeg");
        // Several first uses at once make one copy.
        var making = _making.GetOrAdd(key, _ => new Lazy<Task<ImageBytes?>>(() => MakeAsync(dataset, image, side, key)));
        try
        {
            return await making.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            if (making.Value.IsCompleted) _making.TryRemove(new(key, making));
        }
    }

    private async Task<ImageBytes?> MakeAsync(string dataset, ImageId image, int side, string key)
    {
        if (await objects.GetAsync(ObjectKeys.Image(dataset, image), CancellationToken.None) is not { } original) return null;
        byte[]? copy = null;
        string? problem = null;
        await Task.Run(() => decoder.TryMakeDerivative(original, side, out copy, out problem));
        if (copy is null) return new ImageBytes(default, "", problem);
        await objects.PutAsync(key, copy, CancellationToken.None);
        return new ImageBytes(copy, "image/jpeg");
    }

    private static string MediaTypeOf(string format) => format switch
    {
        "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "bmp" => "image/bmp",
        _ => "application/octet-stream",
    };
}
