using System.Numerics.Tensors;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Quality;
using Winnow.Algorithms.Training;

namespace Winnow.Algorithms.Evaluation;

/// <summary>Measures a head on labelled rows, block by block, so that memory does not grow with the holdout.</summary>
public sealed class HoldoutTally(IHead head)
{
    private readonly float[] _cutoffs = [.. head.Cutoffs.Select(c => c / head.Temperature)];
    private float[] _probabilities = [];

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that were predicted right, of sets in all of their classes.</summary>
    public int Correct { get; private set; }

    /// <summary>Σ log-loss, in nats; a set's is the mean of its classes'.</summary>
    public double LogLossSum { get; private set; }

    /// <summary>How the classes of sets were found; null where a label is one class.</summary>
    public SetCounts? Sets { get; } = head.TellsSets ? SetCounts.Of(head.Classes) : null;

    /// <summary>Judges some rows.</summary>
    /// <param name="rows">[n × dimensions].</param>
    /// <param name="targets">[n]; sets where the head tells sets.</param>
    public void Add(ReadOnlySpan<Half> rows, Targets targets)
    {
        if (_probabilities.Length < targets.Count * head.Classes) _probabilities = new float[targets.Count * head.Classes];
        if (Sets is null) head.Probabilities(rows, _probabilities);
        else head.Logits(rows, _probabilities);
        for (var i = 0; i < targets.Count; i++)
        {
            var p = _probabilities.AsSpan(i * head.Classes, head.Classes);
            if (Sets is not null)
            {
                if (Sets.Add(p, _cutoffs, targets.SetOf(i))) Correct++;
                TensorPrimitives.Sigmoid<float>(p, p);
                LogLossSum += ClassificationMetrics.SetLogLoss(p, targets.SetOf(i));
                continue;
            }
            var label = targets.LabelOf(i);
            if (Extremes.IndexOfMax(p) == label) Correct++;
            LogLossSum -= Math.Log(Math.Max(p[label], 1e-12));
        }
        Count += targets.Count;
    }
}
