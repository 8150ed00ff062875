namespace Winnow.Inference.Scoring;

/// <summary>The numbers that a backbone computes with. Its input and the embedding stay float32 on either.</summary>
public enum Precision
{
    /// <summary>Weights and activations as they were published.</summary>
    Float32,

    /// <summary>
    /// Weights and activations in half precision, for devices that compute faster with it. Processors have no such kernels: ONNX Runtime
    /// widens the weights and keeps activations in float32, which gains nothing.
    /// </summary>
    Float16,
}
