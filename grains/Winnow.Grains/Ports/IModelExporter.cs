namespace Winnow.Grains.Ports;

/// <summary>Writes a head, with the projection before it, in a form other programs can run.</summary>
public interface IModelExporter
{
    /// <summary>An ONNX file: <c>embedding</c> [n, D] → <c>probabilities</c> [n, K].</summary>
    byte[] ToOnnx(Algorithms.Scoring.Projection projection, Algorithms.Heads.IHead head, IReadOnlyList<string> classes,
        IReadOnlyList<string> retired);
}
