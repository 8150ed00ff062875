using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Training;
using Winnow.Grains.Ports;
using Winnow.Inference.Weights;

namespace Winnow.Adapters.Scoring;

/// <summary>Writes heads as ONNX.</summary>
internal sealed class OnnxModelExporter : IModelExporter
{
    public byte[] ToOnnx(Projection projection, SoftmaxHead head, IReadOnlyList<string> classes)
    {
        var (weights, bias) = projection.ToAffine();
        return HeadGraph.Write(weights, bias, head.Weights, head.Bias, head.Temperature, classes);
    }
}
