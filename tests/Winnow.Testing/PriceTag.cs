namespace Winnow.Testing;

/// <summary>A white tag with a price in black figures of 3 × 5 dots, drawn without any font, in the midst of what it lies on.</summary>
internal sealed record PriceTag(GarmentTag Truth, IReadOnlyList<(int X, int Y, byte Grey)> Pixels)
{
    private const int Dot = 2, FigureWidth = 3, FigureHeight = 5, Border = 1;

    /// <summary>The dots of each figure, row by row, the first of each row in the highest of three bits.</summary>
    private static readonly Dictionary<char, int[]> Figures = new()
    {
        ['0'] = [7, 5, 5, 5, 7],
        ['1'] = [2, 6, 2, 2, 7],
        ['2'] = [7, 1, 7, 4, 7],
        ['3'] = [7, 1, 7, 1, 7],
        ['4'] = [5, 5, 7, 1, 1],
        ['5'] = [7, 4, 7, 1, 7],
        ['6'] = [7, 4, 7, 5, 7],
        ['7'] = [7, 1, 2, 2, 2],
        ['8'] = [7, 5, 7, 5, 7],
        ['9'] = [7, 5, 7, 1, 7],
        ['.'] = [0, 0, 0, 0, 2],
    };

    /// <summary>The tag in the middle of a set of pixels; null where it would reach beyond them.</summary>
    public static PriceTag? On(IEnumerable<(int X, int Y)> pixels, string text)
    {
        var on = pixels.ToHashSet();
        var (width, height) = (Dot * (text.Length * (FigureWidth + 1) - 1 + 2 * Border), Dot * (FigureHeight + 2 * Border));
        var (left, top) = ((int)on.Average(p => p.X) - width / 2, (int)on.Average(p => p.Y) - height / 2);
        var drawn = new List<(int X, int Y, byte Grey)>(width * height);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                if (!on.Contains((left + x, top + y))) return null;
                drawn.Add((left + x, top + y, IsInk(text, x / Dot - Border, y / Dot - Border) ? (byte)0 : (byte)255));
            }
        double[] region = [left, top, left + width, top, left + width, top + height, left, top + height];
        return new PriceTag(new GarmentTag(region, text), drawn);
    }

    private static bool IsInk(string text, int x, int y)
    {
        var (at, column) = (x / (FigureWidth + 1), x % (FigureWidth + 1));
        return x >= 0 && y is >= 0 and < FigureHeight && at < text.Length && column < FigureWidth
            && (Figures[text[at]][y] >> (FigureWidth - 1 - column) & 1) == 1;
    }
}
