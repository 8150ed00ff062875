namespace Winnow.Inference.Images;

/// <summary>What one thread reuses from image to image.</summary>
internal sealed class DecodeScratch
{
    /// <summary>Bytes of decoded rows. Larger images go through native memory that is given back at once.</summary>
    public const int PixelBytes = 1 << 20;

    [ThreadStatic]
    private static DecodeScratch? _current;

    private float[] _planes = [];

    public static DecodeScratch Current => _current ??= new DecodeScratch();

    public RowResizer Resizer { get; } = new();

    public byte[] Pixels { get; } = GC.AllocateUninitializedArray<byte>(PixelBytes, pinned: true);

    public Span<float> Planes(int length)
    {
        if (_planes.Length < length)
            _planes = GC.AllocateUninitializedArray<float>(length);
        return _planes.AsSpan(0, length);
    }
}
