using Winnow.Abstractions.Training;

namespace Winnow.Grains.Columns;

/// <summary>Rows of a column as they cross between silos.</summary>
internal static class ColumnRows
{
    /// <summary>The rows of some ordinals, in their order.</summary>
    public static MatrixRows ToMatrix(this SegmentColumn column, ReadOnlySpan<int> ordinals)
    {
        var values = new byte[ordinals.Length * column.RowBytes];
        for (var i = 0; i < ordinals.Length; i++) column.Row(ordinals[i]).CopyTo(values.AsSpan(i * column.RowBytes));
        return new MatrixRows(column.RowBytes / sizeof(ushort), values);
    }
}
