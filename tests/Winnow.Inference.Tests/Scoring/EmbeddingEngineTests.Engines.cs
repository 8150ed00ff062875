using System.Diagnostics.CodeAnalysis;
using Winnow.Inference.Backbones;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Tests.Images;

namespace Winnow.Inference.Tests.Scoring;

/// <summary>The engines that are tried.</summary>
public sealed partial class EmbeddingEngineTests
{
    private static EmbeddingEngine WithDecoder(Func<ReadOnlyMemory<byte>, bool> throws) => Engine([new PlainRunner()],
        (ReadOnlyMemory<byte> bytes, Span<float> chw, int side, in Normalisation normalisation, [NotNullWhen(false)] out string? reason) =>
            throws(bytes) ? throw new InvalidOperationException("a fault in the decoder")
            : TestImages.Decoder.TryDecodeToTensor(bytes, chw, side, normalisation, out reason));

    private static EmbeddingEngine Engine(PlainRunner[] runners, TensorDecoder decode, Device? device = null) =>
        new(new BackboneInfo("plain", 1, TinyModels.Side, "", ""), Normalisation.UnitRange, device ?? Device.Cpu, Options, decode,
        TimeProvider.System, runners);

    /// <summary>Gives each image its first value.</summary>
    private sealed class PlainRunner : IBatchRunner
    {
        private const int Length = 3 * TinyModels.Side * TinyModels.Side;

        private readonly float[] _input = new float[16 * Length];
        private readonly float[] _output = new float[16];

        /// <summary>What runs wait for.</summary>
        public ManualResetEventSlim? Open { get; init; }

        /// <summary>Ends when the first run begins.</summary>
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The most images of a run.</summary>
        public int Largest { get; private set; }

        public int Dimensions => 1;

        public int Side => TinyModels.Side;

        public int Capacity => 16;

        public Span<float> Slot(int slot) => _input.AsSpan(slot * Length, Length);

        public ReadOnlySpan<float> Run(int start, int count)
        {
            Begun.TrySetResult();
            Open?.Wait();
            Largest = Math.Max(Largest, count);
            for (var i = 0; i < count; i++) _output[i] = _input[(start + i) * Length];
            return _output.AsSpan(0, count);
        }

        public void RunBlank()
        {
        }

        public void Dispose()
        {
        }
    }

    private EmbeddingEngine Engine(byte[] model, EngineOptions? options = null) =>
        new(Backbone(model), Device.Cpu, options ?? Options, TestImages.Decoder, TimeProvider.System);

    private BackboneFile Backbone(byte[] model)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.onnx");
        File.WriteAllBytes(path, model);
        return BackboneFiles.FromOnnx(path, null, TinyModels.Preprocessing);
    }
}
