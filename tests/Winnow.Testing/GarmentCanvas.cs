using Winnow.Algorithms.Numerics;
using Winnow.Model.Labels;

namespace Winnow.Testing;

/// <summary>
/// A picture while garments are laid on it, one upon the other. It knows of each pixel whose it is, so that what is seen of each garment is
/// known to the pixel. Of none too little is seen to say what it is.
/// </summary>
internal sealed class GarmentCanvas
{
    private const int LeastSeen = 300;
    private const double LeastShare = 0.5;
    private readonly int[] _owners;
    private readonly List<Laid> _laid = [];

    /// <summary>A drawn ground: a gradient, and plain boards on it.</summary>
    public GarmentCanvas(int width, int height, SeededRandom random)
    {
        (Width, Height) = (width, height);
        Pixels = new uint[width * height];
        _owners = new int[width * height];
        byte[] from = [Tone(), Tone(), Tone()], to = [Tone(), Tone(), Tone()];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                Pixels[y * width + x] = Colour(c => (byte)(from[c] + (to[c] - from[c]) * (x + y) / (width + height)));
        for (var board = random.Next(5); board > 0; board--)
        {
            var (left, top) = (random.Next(width), random.Next(height));
            var (right, bottom) = (Math.Min(width, left + 20 + random.Next(width)), Math.Min(height, top + 8 + random.Next(60)));
            byte[] tone = [Tone(), Tone(), Tone()];
            for (var y = top; y < bottom; y++)
                for (var x = left; x < right; x++) Pixels[y * width + x] = Colour(c => tone[c]);
        }
        byte Tone() => (byte)random.Next(256);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Row by row, each red, green, blue and alpha in its bytes.</summary>
    public uint[] Pixels { get; }

    public int Objects => _laid.Count;

    private sealed record Laid(Garment Garment, IReadOnlyList<(double X, double Y)> Covered, int Within, GarmentTag? Tag);

    /// <summary>Lays a garment upon the others, unless too little would be seen of it or of one of them.</summary>
    public void TryLay(Garment garment, string? price)
    {
        var covered = new List<(int X, int Y, byte Grey)>();
        var (x0, y0) = ((int)garment.X, (int)garment.Y);
        for (var y = y0 - garment.Reach; y <= y0 + garment.Reach; y++)
            for (var x = x0 - garment.Reach; x <= x0 + garment.Reach; x++)
                if (garment.At(x, y) is > 0 and var grey) covered.Add((x, y, grey));
        var within = covered.Where(p => p.X >= 0 && p.Y >= 0 && p.X < Width && p.Y < Height).ToArray();
        if (within.Length < LeastSeen || within.Length < LeastShare * covered.Count) return;
        var all = covered.ConvertAll(p => (p.X + 0.5, p.Y + 0.5));
        var around = garment.Around(all);
        // A turned box belongs to a picture that holds its middle.
        var (u, v) = (around.X + around.Width / 2, around.Y + around.Height / 2);
        if (u < 1 || v < 1 || u > Width - 1 || v > Height - 1) return;
        var owners = (int[])_owners.Clone();
        foreach (var (x, y, _) in within) owners[y * Width + x] = _laid.Count + 1;
        var tag = price is null ? null : PriceTag.On(within.Select(p => (p.X, p.Y)), price);
        foreach (var (x, y, _) in tag?.Pixels ?? []) owners[y * Width + x] = 0;
        var seen = new int[_laid.Count + 2];
        foreach (var owner in owners) seen[owner]++;
        for (var i = 0; i < _laid.Count; i++)
            if (seen[i + 1] < LeastSeen || seen[i + 1] < LeastShare * _laid[i].Within || Hides(owners, _laid[i].Tag)) return;
        if (seen[^1] < LeastSeen) return;
        owners.CopyTo(_owners, 0);
        foreach (var (x, y, grey) in within) Pixels[y * Width + x] = Colour(_ => grey);
        foreach (var (x, y, grey) in tag?.Pixels ?? []) Pixels[y * Width + x] = Colour(_ => grey);
        _laid.Add(new Laid(garment, all, within.Length, tag?.Truth));
    }

    /// <summary>What is true of all that was laid.</summary>
    public IReadOnlyList<GarmentObject> Truth() => [.. _laid.Select((l, i) => TruthOf(l, i + 1))];

    /// <summary>Whether something would lie upon a tag: its pixels belong to nobody.</summary>
    private bool Hides(int[] owners, GarmentTag? tag)
    {
        if (tag is null) return false;
        for (var y = (int)tag.Region[1]; y < (int)tag.Region[5]; y++)
            for (var x = (int)tag.Region[0]; x < (int)tag.Region[4]; x++)
                if (owners[y * Width + x] != 0) return true;
        return false;
    }

    private GarmentObject TruthOf(Laid laid, int owner)
    {
        var set = Array.ConvertAll(_owners, o => o == owner);
        List<(int X, int Y)> seen = [];
        for (var i = 0; i < set.Length; i++)
            if (set[i]) seen.Add((i % Width, i / Width));
        var middle = (X: seen.Average(p => p.X + 0.5), Y: seen.Average(p => p.Y + 0.5));
        var (left, right) = (laid.Covered.MinBy(p => p.X), laid.Covered.MaxBy(p => p.X));
        var (top, bottom) = (laid.Covered.MinBy(p => p.Y), laid.Covered.MaxBy(p => p.Y));
        var (x, y) = (seen.Min(p => p.X), seen.Min(p => p.Y));
        return new GarmentObject
        {
            Class = laid.Garment.Class,
            Mask = PixelMasks.RunsOf(set, Width),
            Outline = PixelMasks.OutlineOf(set, Width),
            Box = new Box(x, y, seen.Max(p => p.X) + 1 - x, seen.Max(p => p.Y) + 1 - y),
            Whole = new Box(left.X - 0.5, top.Y - 0.5, right.X - left.X + 1, bottom.Y - top.Y + 1),
            Turned = laid.Garment.Around(laid.Covered),
            Keypoints = [.. new[] { middle, left, right, top, bottom }.SelectMany(p => Keypoint(p, set))],
            Spine = [.. new[] { top, middle, bottom }.SelectMany(p => new[] { Math.Clamp(p.X, 0, Width), Math.Clamp(p.Y, 0, Height) })],
            Tag = laid.Tag,
            Cut = laid.Within < laid.Covered.Count,
            Area = seen.Count,
        };
    }

    private double[] Keypoint((double X, double Y) at, bool[] set) =>
        at.X < 0 || at.Y < 0 || at.X >= Width || at.Y >= Height ? [0, 0, 0]
        : [at.X, at.Y, set[(int)at.Y * Width + (int)at.X] ? 2 : 1];

    private static uint Colour(Func<int, byte> part) => (uint)(part(0) | part(1) << 8 | part(2) << 16) | 0xFF000000;
}
