using System.Diagnostics.CodeAnalysis;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Model.Images;

namespace Winnow.Adapters.Images;

/// <summary>Takes what the decoder takes, so that nothing is let in that could never be scored.</summary>
internal sealed class DecoderHeaders(ImageDecoder decoder, ImageLimits limits) : IImageHeaders
{
    public IReadOnlyList<string> Formats => ImageDecoder.Formats;

    public long MaxBytes => limits.MaxBytes;

    public bool TryRead(ReadOnlySpan<byte> image, [NotNullWhen(true)] out ImageHeader? header, [NotNullWhen(false)] out string? reason)
    {
        var sound = decoder.TryReadHeader(image, out var declared, out reason);
        header = declared is null ? null : new ImageHeader(declared.Format, declared.Width, declared.Height, declared.Frames, image.Length)
        {
            Orientation = declared.Orientation,
        };
        return sound;
    }
}
