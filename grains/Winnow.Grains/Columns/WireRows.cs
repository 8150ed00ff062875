using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Winnow.Abstractions.Training;
using Winnow.Algorithms.Numerics;

namespace Winnow.Grains.Columns;

/// <summary>Reads matrices that came over the wire.</summary>
internal static class WireRows
{
    /// <summary>Its numbers in single precision.</summary>
    public static RowMatrix ToMatrix(this MatrixRows rows)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(rows.Values);
        var singles = new float[halves.Length];
        TensorPrimitives.ConvertToSingle(halves, singles);
        return new RowMatrix(rows.Dimensions, singles);
    }
}
