namespace Winnow.Algorithms.Training;

/// <summary>
/// A logistic classifier of each class, for labels that are sets: one strength by cross-validation (<see cref="OneVsRestSearch"/>), and
/// where each class is said to be there by what was held out (<see cref="ClassThresholds"/>).
/// </summary>
public sealed class OneVsRestTrainer : ITrainer
{
    /// <inheritdoc/>
    public string Name => "one-vs-rest";

    /// <inheritdoc/>
    public bool LearnsSets => true;

    /// <inheritdoc/>
    public TrainedHead Train(Examples examples, ulong seed, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        examples = new Examples(examples.Vectors, examples.Dimensions, examples.Targets.AsSets());
        var search = OneVsRestSearch.Choose(examples, new RegularisationOptions(), seed, progress, cancellationToken);
        var head = OneVsRest.Fit(examples, new LogisticRegressionOptions { C = search.C }, cancellationToken);
        var (cutoffs, chosen) = ClassThresholds.Choose(search.OutOfFoldLogits, examples.Targets);
        progress?.Report(1);
        return new TrainedHead(head with { Cutoffs = cutoffs }, search.C, search.LogLoss, search.OutOfFoldTemperature, chosen);
    }
}
