using Winnow.Model.Labels;

namespace Winnow.Model.Prelabels;

/// <summary>What a machine proposed for an image. A machine fact: it can be made again.</summary>
/// <param name="Source">The connector or model that proposed it, such as <c>model:main/3</c>.</param>
/// <param name="Annotations">The proposal.</param>
public sealed record Prelabel(string Source, IReadOnlyList<Annotation> Annotations);
