namespace Winnow.Abstractions.Scoring;

/// <summary>The classes that a model says are there.</summary>
/// <param name="Classes">Positions of classes, the surest first; none: nothing of the schema is there.</param>
/// <param name="Confidences">How sure it is of each, in [0, 1].</param>
/// <param name="Sure">How sure it is of the whole set.</param>
[GenerateSerializer, Immutable, Alias("winnow.predicted-set")]
public sealed record PredictedSet(
    [property: Id(0)] int[] Classes, [property: Id(1)] float[] Confidences, [property: Id(2)] float Sure);
