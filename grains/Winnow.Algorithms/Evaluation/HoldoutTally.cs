using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;

namespace Winnow.Algorithms.Evaluation;

/// <summary>Measures a head on labelled rows, block by block, so that memory does not grow with the holdout.</summary>
public sealed class HoldoutTally(IHead head)
{
    private float[] _probabilities = [];

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that were predicted right.</summary>
    public int Correct { get; private set; }

    /// <summary>Σ log-loss, in nats.</summary>
    public double LogLossSum { get; private set; }

    /// <summary>Judges some rows.</summary>
    /// <param name="rows">[n × dimensions].</param>
    /// <param name="labels">[n].</param>
    public void Add(ReadOnlySpan<Half> rows, ReadOnlySpan<int> labels)
    {
        if (_probabilities.Length < labels.Length * head.Classes) _probabilities = new float[labels.Length * head.Classes];
        head.Probabilities(rows, _probabilities);
        for (var i = 0; i < labels.Length; i++)
        {
            var p = _probabilities.AsSpan(i * head.Classes, head.Classes);
            if (Extremes.IndexOfMax(p) == labels[i]) Correct++;
            LogLossSum -= Math.Log(Math.Max(p[labels[i]], 1e-12));
        }
        Count += labels.Length;
    }
}
