using Winnow.Adapters.Scoring;
using Winnow.Algorithms.Scoring;
using Winnow.Algorithms.Training;

namespace Winnow.Adapters.Tests.Scoring;

/// <summary>A round exports its model: a trainer whose heads have no form in ONNX would fail in the middle of one.</summary>
public sealed class ModelExportTests
{
    [Fact]
    public void What_any_trainer_makes_can_be_exported()
    {
        var projection = Projection.Fit([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0], 3, 2);
        Assert.All(Trainers.All, trainer =>
        {
            var trained = trainer.Train(new Examples([1, 0, 0, 1], 2, Targets.Of([0, 1], 2)), 1, null, CancellationToken.None);
            var onnx = new OnnxModelExporter().ToOnnx(projection, trained.Head, ["cat", "dog"], []);
            Assert.Equal(trainer.LearnsSets, onnx.AsSpan().IndexOf("thresholds"u8) >= 0);
        });
    }
}
