namespace Winnow.Algorithms.Numerics;

/// <summary>
/// Where a span is greatest or least. Plain loops in place of <c>TensorPrimitives.IndexOfMax</c> and its kin (System.Numerics.Tensors
/// 10.0.15 on .NET 10 with AVX-512): once the JIT had recompiled their callers they answered 0 for spans whose greatest number stood at the
/// end, in some runs and not in others. Every accuracy hangs on this answer, so those methods are banned.
/// </summary>
public static class Extremes
{
    /// <summary>Index of the first greatest number; NaN is passed over; -1 for an empty span.</summary>
    public static int IndexOfMax(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty) return -1;
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best] || float.IsNaN(values[best])) best = i;
        return best;
    }

    /// <summary>Index of the first least number; NaN is passed over; -1 for an empty span.</summary>
    public static int IndexOfMin(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty) return -1;
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] < values[best] || float.IsNaN(values[best])) best = i;
        return best;
    }

    /// <summary>Index of the first number that is farthest from zero; NaN is passed over; -1 for an empty span.</summary>
    public static int IndexOfMaxMagnitude(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty) return -1;
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (Math.Abs(values[i]) > Math.Abs(values[best]) || double.IsNaN(values[best])) best = i;
        return best;
    }
}
