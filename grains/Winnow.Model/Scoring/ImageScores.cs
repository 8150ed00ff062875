namespace Winnow.Model.Scoring;

/// <summary>What a model makes of an image. Uncertainties are larger for images worth asking about.</summary>
/// <param name="ModelVersion">The model, such as <c>main/3</c>.</param>
/// <param name="Predicted">The most probable class.</param>
/// <param name="RunnerUp">The second most probable class.</param>
/// <param name="Confidence">Calibrated probability of <paramref name="Predicted"/>.</param>
/// <param name="LeastConfidence">1 − p₁.</param>
/// <param name="Margin">1 − (p₁ − p₂).</param>
/// <param name="Entropy">−Σ p ln p, in nats.</param>
/// <param name="Energy">−ln Σ exp z of the calibrated logits; high where the model has seen nothing alike.</param>
public sealed record ImageScores(string ModelVersion, string Predicted, string RunnerUp, double Confidence, double LeastConfidence,
    double Margin, double Entropy, double Energy);
