using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Scoring;

/// <summary>
/// Runs batches of one session for one thread, from an input tensor into an output tensor that are allocated once and handed to the runtime
/// without copies.
/// </summary>
internal sealed class BackboneRunner : IBatchRunner
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly int _fixedBatch;
    private readonly int _positions;
    private readonly float[] _input;
    private readonly float[] _output;
    private readonly float[] _embeddings;
    private readonly Dictionary<(int Start, int Count), Bound> _bound = [];
    private readonly long[] _outputShape;
    private float[]? _staging;

    private BackboneRunner(InferenceSession session, string input, string output, int side, int fixedBatch, int maxBatch,
        long[] outputShape)
    {
        _session = session;
        (_inputNames, _outputNames) = ([input], [output]);
        (Side, _fixedBatch, _outputShape) = (side, fixedBatch, outputShape);
        Capacity = fixedBatch > 0 ? fixedBatch : maxBatch;
        Dimensions = (int)outputShape[1];
        _positions = outputShape.Length == 4 ? (int)(outputShape[2] * outputShape[3]) : 1;
        _input = GC.AllocateArray<float>(Capacity * ImageLength, pinned: true);
        _output = GC.AllocateArray<float>(Capacity * Dimensions * _positions, pinned: true);
        _embeddings = _positions == 1 ? _output : new float[Capacity * Dimensions];
    }

    /// <inheritdoc/>
    public int Dimensions { get; }

    /// <inheritdoc/>
    public int Side { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public bool AlwaysWhole => _fixedBatch > 0;

    private int ImageLength => 3 * Side * Side;

    /// <inheritdoc/>
    public Span<float> Slot(int slot) => _input.AsSpan(slot * ImageLength, ImageLength);

    /// <summary>Makes a runner, learning the shape of the output from a run on a blank image.</summary>
    /// <exception cref="WeightsUnavailableException">The model's input or output does not fit a backbone.</exception>
    public static BackboneRunner Open(InferenceSession session, string output, int preferredSide, int maxBatch)
    {
        var (name, side, fixedBatch) = ReadInput(session, preferredSide);
        using var run = new RunOptions();
        var batch = Math.Max(1, fixedBatch);
        using var blank = OrtValue.CreateTensorValueFromMemory(new float[batch * 3 * side * side], [batch, 3, side, side]);
        using var results = session.Run(run, [name], [blank], [output]);
        var information = results[0].GetTensorTypeAndShape();
        var shape = information.Shape;
        if (information.ElementDataType != TensorElementType.Float || shape.Length is not (2 or 4) || shape[0] != batch || shape[1] < 1)
        {
            throw new WeightsUnavailableException(
                $"Output \"{output}\" is {information.ElementDataType} [{string.Join(", ", shape)}]; an embedding is float [n, D], or [n, "
                + $"D, h, w] to be averaged.");
        }
        return new BackboneRunner(session, name, output, side, fixedBatch, maxBatch, shape);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Run(int start, int count)
    {
        var images = _input.AsMemory();
        if (_fixedBatch > 0 && (start > 0 || count < _fixedBatch))
        {
            // A fixed batch is always run whole; the rest of it is blank.
            _staging ??= GC.AllocateArray<float>(_input.Length, pinned: true);
            _staging.AsSpan().Clear();
            _input.AsSpan(start * ImageLength, count * ImageLength).CopyTo(_staging);
            return RunBound(_staging, -1, 0, count);
        }
        return RunBound(images, start, start, count);
    }

    /// <inheritdoc/>
    public void RunBlank()
    {
        var batch = Math.Max(1, _fixedBatch);
        using var blank = OrtValue.CreateTensorValueFromMemory(new float[batch * ImageLength], [batch, 3, Side, Side]);
        using var results = _session.Run(_run, _inputNames, [blank], _outputNames);
    }

    public void Dispose()
    {
        foreach (var bound in _bound.Values)
        {
            bound.Binding.Dispose();
            bound.Input.Dispose();
            bound.Output.Dispose();
        }
        _run.Dispose();
    }

    private static (string Name, int Side, int FixedBatch) ReadInput(InferenceSession session, int preferredSide)
    {
        var (name, input) = session.InputMetadata.First();
        var shape = input.Dimensions;
        if (session.InputMetadata.Count != 1 || !input.IsTensor || input.ElementType != typeof(float) || shape.Length != 4
            || shape[1] is not (3 or -1))
        {
            var inputs = string.Join(", ",
                session.InputMetadata.Select(i => $"{i.Key} {i.Value.ElementType?.Name} [{string.Join(", ", i.Value.Dimensions ?? [])}]"));
            throw new WeightsUnavailableException($"A backbone has one float input [n, 3, h, w]; this model has {inputs}.");
        }
        if (shape[2] != shape[3] && shape[2] > 0 && shape[3] > 0)
            throw new WeightsUnavailableException($"The input is {shape[3]} × {shape[2]} pixels; square inputs are supported.");
        var side = Math.Max(shape[2], shape[3]);
        side = side > 0 ? side : preferredSide;
        return side is >= 1 and <= 4096
            ? (name, side, Math.Max(0, shape[0]))
            : throw new WeightsUnavailableException($"An input side of {side} pixels is out of range; 1 to 4,096 are supported.");
    }

    private ReadOnlySpan<float> RunBound(Memory<float> images, int key, int start, int count)
    {
        var batch = _fixedBatch > 0 ? _fixedBatch : count;
        if (!_bound.TryGetValue((key, batch), out var bound))
        {
            var shape = (long[])_outputShape.Clone();
            shape[0] = batch;
            bound = new Bound(
                _session.CreateIoBinding(),
                OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images.Slice(start * ImageLength, batch * ImageLength),
                    [batch, 3, Side, Side]),
                OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _output.AsMemory(0, batch * Dimensions * _positions),
                    shape));
            bound.Binding.BindOutput(_outputNames[0], bound.Output);
            _bound.Add((key, batch), bound);
        }
        // A copied input may be kept from the last run by a device with memory of its own: said anew, its bytes are those of now.
        bound.Binding.BindInput(_inputNames[0], bound.Input);
        _session.RunWithBinding(_run, bound.Binding);
        if (_positions > 1)
            Average(count);
        return _embeddings.AsSpan(0, count * Dimensions);
    }

    /// <summary>
    /// Input and output of one size of batch, bound once, so that the runtime neither looks names up nor allocates when it runs.
    /// </summary>
    private sealed record Bound(OrtIoBinding Binding, OrtValue Input, OrtValue Output);

    private void Average(int count)
    {
        for (var i = 0; i < count * Dimensions; i++)
        {
            var sum = 0.0;
            foreach (var value in _output.AsSpan(i * _positions, _positions))
                sum += value;
            _embeddings[i] = (float)(sum / _positions);
        }
    }
}
