namespace Winnow.Model.Scoring;

/// <summary>
/// What a model makes of an image. Uncertainties are larger for images worth asking about. Where labels are sets of classes, they are those
/// of the whole set: see each.
/// </summary>
/// <param name="ModelVersion">The model, such as <c>main/3</c>.</param>
/// <param name="Predicted">The most probable class.</param>
/// <param name="RunnerUp">The second most probable class.</param>
/// <param name="Confidence">Calibrated probability of <paramref name="Predicted"/>; of a set, that all of it is right.</param>
/// <param name="LeastConfidence">1 − p₁; of a set 1 − the probability that all of it is right.</param>
/// <param name="Margin">1 − (p₁ − p₂); of a set how near the class that is nearest to its threshold lies.</param>
/// <param name="Entropy">−Σ p ln p, in nats; of a set the mean of its classes' own.</param>
/// <param name="Energy">−ln Σ exp z of the calibrated logits; high where the model has seen nothing alike.</param>
public sealed record ImageScores(string ModelVersion, string Predicted, string RunnerUp, double Confidence, double LeastConfidence,
    double Margin, double Entropy, double Energy);
