using Winnow.Model.Labels;

namespace Winnow.Testing;

/// <summary>
/// A garment where it lies in a picture: its image is scaled and turned clockwise about its middle, which lies at a point. Of its image,
/// what is darker than <see cref="Least"/> is ground.
/// </summary>
/// <param name="Class">Its class.</param>
/// <param name="Image">28 × 28 grey pixels.</param>
/// <param name="Scale">Pixels of the picture to one of its own.</param>
/// <param name="Degrees">By how much it is turned.</param>
/// <param name="X">Where its middle lies.</param>
/// <param name="Y">Where its middle lies.</param>
internal sealed record Garment(string Class, ReadOnlyMemory<byte> Image, double Scale, double Degrees, double X, double Y)
{
    public const int Side = 28;
    private const int Least = 40;

    /// <summary>How far from its middle any of it can lie.</summary>
    public int Reach => (int)(Scale * Side * 0.75) + 1;

    /// <summary>Its grey at the middle of a pixel of the picture; 0 where it is not.</summary>
    public byte At(int x, int y)
    {
        var (sin, cos) = Math.SinCos(Degrees * Math.PI / 180);
        var (dx, dy) = ((x + 0.5 - X) / Scale, (y + 0.5 - Y) / Scale);
        var (u, v) = (cos * dx + sin * dy + Side / 2.0 - 0.5, cos * dy - sin * dx + Side / 2.0 - 0.5);
        var (left, top) = ((int)Math.Floor(u), (int)Math.Floor(v));
        var (across, down) = (u - left, v - top);
        var upper = Grey(left, top) * (1 - across) + Grey(left + 1, top) * across;
        var lower = Grey(left, top + 1) * (1 - across) + Grey(left + 1, top + 1) * across;
        var grey = upper * (1 - down) + lower * down;
        return grey < Least ? (byte)0 : (byte)grey;
    }

    private double Grey(int x, int y) => x is >= 0 and < Side && y is >= 0 and < Side ? Image.Span[y * Side + x] : 0;

    /// <summary>The rectangle around it that is turned as it is: exact to the pixels of the picture that it covers.</summary>
    /// <param name="covered">The middles of all pixels that it covers, beyond the picture's edge too.</param>
    public Box Around(IReadOnlyList<(double X, double Y)> covered)
    {
        var (sin, cos) = Math.SinCos(Degrees * Math.PI / 180);
        var own = covered.Select(p => (X: cos * (p.X - X) + sin * (p.Y - Y), Y: cos * (p.Y - Y) - sin * (p.X - X))).ToArray();
        // A turned pixel reaches that far from its middle.
        var half = (Math.Abs(sin) + Math.Abs(cos)) / 2;
        var (left, top) = (own.Min(p => p.X) - half, own.Min(p => p.Y) - half);
        var (right, bottom) = (own.Max(p => p.X) + half, own.Max(p => p.Y) + half);
        var (u, v) = ((left + right) / 2, (top + bottom) / 2);
        var (middleX, middleY) = (X + cos * u - sin * v, Y + sin * u + cos * v);
        return new Box(middleX - (right - left) / 2, middleY - (bottom - top) / 2, right - left, bottom - top)
        {
            Rotation = Degrees < 0 ? Degrees + 360 : Degrees,
        };
    }
}
