using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Winnow.Algorithms.Heads;
using Winnow.Grains.Columns;
using Winnow.Inference.Backbones;

namespace Winnow.Benchmarks.Training;

/// <summary>
/// What renewing scores cannot do without: read float16, convert, one matrix product by ONNX Runtime, write and fsync 20 bytes a row. A
/// plain loop.
/// </summary>
internal sealed class RescoreFloor : IDisposable
{
    private const int Block = 4_096;
    private const int ScoreBytes = 20;

    private readonly InferenceSession _session;
    private readonly float[] _rows;
    private readonly float[] _logits;
    private readonly byte[] _scores = new byte[Block * ScoreBytes];
    private readonly SoftmaxHead _head;

    public RescoreFloor(SoftmaxHead head)
    {
        _head = head;
        var graph = new OnnxWriter("floor").Input("rows", "n", (long)head.Dimensions).Output("logits", "n", (long)head.Classes);
        graph.Node("Gemm", ["rows", graph.Constant("weights", head.Weights, head.Classes, head.Dimensions),
            graph.Constant("bias", head.Bias, head.Classes)], "logits", ("transB", 1L));
        _session = new InferenceSession(graph.ToArray());
        (_rows, _logits) = (new float[Block * head.Dimensions], new float[Block * head.Classes]);
    }

    /// <summary>Scores all segments, one file of scores for each.</summary>
    public void Run(IEnumerable<string> segments, string folder)
    {
        var number = 0;
        foreach (var path in segments)
        {
            using var source = File.OpenHandle(path, options: FileOptions.SequentialScan);
            using var target = new FileStream(Path.Combine(folder, $"floor-{number++}"), FileMode.Create, FileAccess.Write, FileShare.None,
                1);
            var halves = new byte[Block * _head.Dimensions * sizeof(ushort)];
            for (long at = SegmentFormat.HeaderSize; ;)
            {
                var read = RandomAccess.Read(source, halves, at);
                if (read == 0) break;
                at += read;
                target.Write(Score(MemoryMarshal.Cast<byte, Half>(halves.AsSpan(0, read))));
            }
            target.Flush(flushToDisk: true);
        }
    }

    private ReadOnlySpan<byte> Score(ReadOnlySpan<Half> halves)
    {
        var count = halves.Length / _head.Dimensions;
        TensorPrimitives.ConvertToSingle(halves, _rows);
        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _rows.AsMemory(0, halves.Length),
            [count, _head.Dimensions]);
        using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _logits.AsMemory(0, count * _head.Classes),
            [count, _head.Classes]);
        using var options = new RunOptions();
        _session.Run(options, ["rows"], [input], ["logits"], [output]);
        // Something of each row, so that nothing can be left out; what a score is made of is the product's own affair.
        var scores = MemoryMarshal.Cast<byte, float>(_scores.AsSpan(0, count * ScoreBytes));
        for (var r = 0; r < count; r++)
            _logits.AsSpan(r * _head.Classes, ScoreBytes / sizeof(float)).CopyTo(scores[(r * (ScoreBytes / sizeof(float)))..]);
        return _scores.AsSpan(0, count * ScoreBytes);
    }

    public void Dispose() => _session.Dispose();
}
