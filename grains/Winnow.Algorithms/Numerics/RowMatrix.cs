namespace Winnow.Algorithms.Numerics;

/// <summary>Rows of numbers.</summary>
/// <param name="Columns">Length of a row; 0 where there are none.</param>
/// <param name="Values">[n × <paramref name="Columns"/>].</param>
public sealed record RowMatrix(int Columns, float[] Values)
{
    /// <summary>No rows.</summary>
    public static RowMatrix None { get; } = new(0, []);

    /// <summary>Number of rows, n.</summary>
    public int Count => Columns == 0 ? 0 : Values.Length / Columns;

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int at) => Values.AsSpan(at * Columns, Columns);

    /// <summary>Some rows, in the order asked.</summary>
    public RowMatrix Only(IReadOnlyList<int> rows)
    {
        var part = new float[rows.Count * Columns];
        for (var r = 0; r < rows.Count; r++) Row(rows[r]).CopyTo(part.AsSpan(r * Columns));
        return new RowMatrix(Columns, part);
    }
}
