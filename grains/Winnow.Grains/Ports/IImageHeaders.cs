using System.Diagnostics.CodeAnalysis;
using Winnow.Model.Images;

namespace Winnow.Grains.Ports;

/// <summary>What is taken in as an image, told from the bytes alone and without decoding them.</summary>
public interface IImageHeaders
{
    /// <summary>Formats that are taken, such as <c>jpeg</c>.</summary>
    IReadOnlyList<string> Formats { get; }

    /// <summary>Bytes of the largest image that is taken.</summary>
    long MaxBytes { get; }

    /// <summary>Reads and checks what the bytes declare.</summary>
    /// <returns>False with a reason that a person can act on; the header is then what could be read of it, or null.</returns>
    bool TryRead(ReadOnlySpan<byte> image, [NotNullWhen(true)] out ImageHeader? header, [NotNullWhen(false)] out string? reason);
}
