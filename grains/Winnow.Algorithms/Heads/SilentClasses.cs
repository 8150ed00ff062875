namespace Winnow.Algorithms.Heads;

/// <summary>Classes that a linear head is never to say. Their logits are so low that no probability of theirs is above 0.</summary>
internal static class SilentClasses
{
    /// <summary>At any temperature a probability of 0, and finite in all that is reckoned with it.</summary>
    private const float Impossible = -1e6f;

    /// <summary>The numbers of the same head without some classes.</summary>
    public static (float[] Weights, float[] Bias) Of(IEnumerable<int> classes, int dimensions, float[] weights, float[] bias)
    {
        var (silent, low) = (weights.ToArray(), bias.ToArray());
        foreach (var of in classes)
        {
            silent.AsSpan(of * dimensions, dimensions).Clear();
            low[of] = Impossible;
        }
        return (silent, low);
    }
}
