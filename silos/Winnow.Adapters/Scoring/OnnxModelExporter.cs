using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Ports;
using Winnow.Inference.Weights;

namespace Winnow.Adapters.Scoring;

/// <summary>Writes heads as ONNX.</summary>
internal sealed class OnnxModelExporter : IModelExporter
{
    public byte[] ToOnnx(Projection projection, IHead head, IReadOnlyList<string> classes, IReadOnlyList<string> retired)
    {
        var (weights, bias) = projection.ToAffine();
        return head switch
        {
            SoftmaxHead h => HeadGraph.Write(weights, bias, h.Weights, h.Bias, h.Temperature, classes, retired: retired),
            SigmoidHead h => HeadGraph.Write(weights, bias, h.Weights, h.Bias, h.Temperature, classes, h.Thresholds, retired),
            _ => throw new NotSupportedException($"Heads of format '{head.Format.Name}' have no form in ONNX yet."),
        };
    }
}
