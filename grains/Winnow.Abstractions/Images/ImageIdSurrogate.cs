using Winnow.Model.Images;

namespace Winnow.Abstractions.Images;

/// <summary>How an <see cref="ImageId"/> crosses the wire: 32 bytes, not a string of JSON.</summary>
[GenerateSerializer, Immutable, Alias("winnow.image-id")]
public struct ImageIdSurrogate
{
    [Id(0)] public ulong A;
    [Id(1)] public ulong B;
    [Id(2)] public ulong C;
    [Id(3)] public ulong D;
}

/// <inheritdoc cref="ImageIdSurrogate"/>
[RegisterConverter]
public sealed class ImageIdConverter : IConverter<ImageId, ImageIdSurrogate>
{
    public ImageId ConvertFromSurrogate(in ImageIdSurrogate surrogate) => new(surrogate.A, surrogate.B, surrogate.C, surrogate.D);

    public ImageIdSurrogate ConvertToSurrogate(in ImageId value) => new() { A = value.A, B = value.B, C = value.C, D = value.D };
}
