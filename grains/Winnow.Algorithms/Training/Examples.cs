namespace Winnow.Algorithms.Training;

/// <summary>What a trainer learns from: vectors and what each of them is to be. As many rows as targets.</summary>
public sealed class Examples
{
    /// <param name="vectors">[n × <paramref name="dimensions"/>]; kept, not copied.</param>
    /// <param name="dimensions">Length of a row.</param>
    /// <param name="targets">[n].</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public Examples(float[] vectors, int dimensions, Targets targets)
    {
        if (vectors.Length != (long)targets.Count * dimensions)
            throw new ArgumentException($"{vectors.Length} numbers are not {targets.Count} rows of {dimensions}.", nameof(vectors));
        (Vectors, Dimensions, Targets) = (vectors, dimensions, targets);
    }

    /// <summary>[n × <see cref="Dimensions"/>].</summary>
    public float[] Vectors { get; }

    /// <summary>Length of a row.</summary>
    public int Dimensions { get; }

    /// <summary>[n].</summary>
    public Targets Targets { get; }

    /// <summary>Number of examples, n.</summary>
    public int Count => Targets.Count;

    /// <summary>Classes, K.</summary>
    public int Classes => Targets.Classes;

    /// <summary>Some of them, in the order asked.</summary>
    public Examples Only(IReadOnlyList<int> rows)
    {
        var part = new float[rows.Count * Dimensions];
        for (var r = 0; r < rows.Count; r++) Vectors.AsSpan(rows[r] * Dimensions, Dimensions).CopyTo(part.AsSpan(r * Dimensions));
        return new Examples(part, Dimensions, Targets.Only(rows));
    }
}
