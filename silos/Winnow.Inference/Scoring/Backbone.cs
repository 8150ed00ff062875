using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Weights;

namespace Winnow.Inference.Scoring;

/// <summary>A loaded ONNX backbone: [n, 3, side, side] → [n, D], or [n, D, h, w] which is averaged over space. Runs from many threads.</summary>
public sealed class Backbone : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string _input;
    private readonly string _output;
    private readonly RunOptions _run = new();
    private readonly int _spatial;

    /// <summary>Loads a model for the CPU; each run uses the caller's thread alone, since the workers are what runs in parallel.</summary>
    /// <exception cref="WeightsException">The file is not a model of this shape.</exception>
    public Backbone(BackboneFile file)
    {
        File = file;
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        try
        {
            _session = new InferenceSession(file.Path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new WeightsException($"{file.Path} is not a model that ONNX Runtime can load: {e.Message}", e);
        }
        _input = _session.InputMetadata.Keys.First();
        // A model with several outputs names its embedding; else the last is taken.
        _output = _session.OutputMetadata.Keys.FirstOrDefault(n => n is "embedding" or "cat") ?? _session.OutputMetadata.Keys.Last();
        using var probe = RunCore(new float[3 * file.Side * file.Side], 1);
        var shape = probe[0].GetTensorTypeAndShape().Shape;
        if (shape.Length < 2) throw new WeightsException($"Output '{_output}' of {file.Path} has shape [{string.Join(", ", shape)}]; [n, D] or [n, D, h, w] is needed.");
        Dimensions = (int)shape[1];
        _spatial = (int)shape.Skip(2).Aggregate(1L, (a, b) => a * b);
    }

    /// <summary>Where it came from and how it is fed.</summary>
    public BackboneFile File { get; }

    /// <summary>Length of an embedding.</summary>
    public int Dimensions { get; }

    /// <summary>Numbers of one image's input.</summary>
    public int InputSize => 3 * File.Side * File.Side;

    /// <summary>Embeds a batch.</summary>
    /// <param name="input">[<paramref name="count"/> × 3 × side × side]; must not be written to meanwhile.</param>
    /// <param name="count">Images.</param>
    /// <param name="embeddings">[<paramref name="count"/> × <see cref="Dimensions"/>].</param>
    /// <exception cref="OnnxRuntimeException">The model failed on this batch.</exception>
    public void Run(float[] input, int count, Span<float> embeddings)
    {
        using var outputs = RunCore(input, count);
        var values = outputs[0].GetTensorDataAsSpan<float>();
        if (_spatial == 1)
        {
            values[..(count * Dimensions)].CopyTo(embeddings);
            return;
        }
        for (var i = 0; i < count * Dimensions; i++) embeddings[i] = System.Numerics.Tensors.TensorPrimitives.Sum(values.Slice(i * _spatial, _spatial)) / _spatial;
    }

    private IDisposableReadOnlyCollection<OrtValue> RunCore(float[] input, int count)
    {
        using var value = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, input.AsMemory(0, count * InputSize), [count, 3, File.Side, File.Side]);
        return _session.Run(_run, [_input], [value], [_output]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
    }
}
