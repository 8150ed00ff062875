namespace Winnow.Algorithms.Training;

/// <summary>Multinomial logistic regression, its strength chosen by cross-validation: see <see cref="RegularisationSearch"/>.</summary>
public sealed class LogisticRegressionTrainer : ITrainer
{
    /// <inheritdoc/>
    public string Name => "logistic-regression";

    /// <inheritdoc/>
    public bool LearnsSets => false;

    /// <inheritdoc/>
    public TrainedHead Train(Examples examples, ulong seed, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var search = RegularisationSearch.Choose(examples, new RegularisationOptions(), seed, progress, cancellationToken);
        var head = LogisticRegression.Fit(examples, new LogisticRegressionOptions { C = search.C }, null, cancellationToken);
        progress?.Report(1);
        var temperature = search.OutOfFoldLogits.Length == 0 ? 1 : TemperatureScaling.Fit(search.OutOfFoldLogits, examples.Targets);
        return new TrainedHead(head, search.C, search.LogLoss, temperature);
    }
}
