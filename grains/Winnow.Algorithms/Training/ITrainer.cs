using Winnow.Algorithms.Heads;

namespace Winnow.Algorithms.Training;

/// <summary>What a trainer made, and what it learnt on the way.</summary>
/// <param name="Head">The head, at temperature 1.</param>
/// <param name="Regularisation">Inverse strength that it settled on; 0 where a trainer has none.</param>
/// <param name="CrossValidatedLogLoss">Mean held-out log-loss, in nats; null where it could not be measured.</param>
/// <param name="OutOfFoldTemperature">The temperature that fits predictions of what was held out; 1 where there are none.</param>
/// <param name="Thresholds">Of how many classes the head's threshold was chosen; the others' is a half. Null where it has none.</param>
public sealed record TrainedHead(
    IHead Head, double Regularisation, double? CrossValidatedLogLoss, float OutOfFoldTemperature, int? Thresholds = null);

/// <summary>
/// Learns a head from examples. The same examples and seed give the same head, whatever else runs. To add one: a class here, a line in
/// <see cref="Trainers"/>, and a test class that inherits the conformance tests.
/// </summary>
public interface ITrainer : INamed
{
    /// <summary>
    /// Whether it learns from sets of classes (<see cref="Targets.AreSets"/>), so that its heads tell of each class whether it is there.
    /// One that does not learns which one class an example is of.
    /// </summary>
    bool LearnsSets { get; }

    /// <summary>Trains.</summary>
    /// <param name="examples">One or more that weigh anything.</param>
    /// <param name="seed">Draws whatever is drawn.</param>
    /// <param name="progress">Hears what share is done, 0 to 1, from any thread; null when nobody listens.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">There is no example to learn from.</exception>
    TrainedHead Train(Examples examples, ulong seed, IProgress<double>? progress, CancellationToken cancellationToken);
}

/// <summary>All trainers, by name: the one place where a new one is registered.</summary>
public static class Trainers
{
    /// <summary>Every trainer.</summary>
    public static Registry<ITrainer> All { get; } = new("trainer", new LogisticRegressionTrainer(), new OneVsRestTrainer());
}
