using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Backbones;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;

namespace Winnow.Benchmarks.Scoring;

/// <summary>
/// The floor of scoring: a thread per core that reads files, decodes them into its batch and runs the backbone, with nothing in between. It
/// takes the product's decoder, since that is faster than SkiaSharp and libvips are by themselves (see <c>decode</c>), and the same session
/// options.
/// </summary>
internal sealed class PlainLoop : IDisposable
{
    private readonly ImageDecoder _decoder = new(new ImageLimits(), TimeProvider.System);
    private readonly InferenceSession _session;
    private readonly BackboneRunner[] _runners;
    private readonly Normalisation _normalisation;

    public PlainLoop(BackboneFile backbone, int batch = 16)
    {
        using var options = Device.Cpu.CreateSessionOptions();
        _session = new InferenceSession(backbone.OnnxPath, options);
        _runners = [.. Enumerable.Range(0, Environment.ProcessorCount)
            .Select(_ => BackboneRunner.Open(_session, backbone.OutputName, backbone.Preprocessing.Side, batch))];
        _normalisation = backbone.Preprocessing.Normalisation;
    }

    /// <summary>Embeds all files; float16 rows.</summary>
    public Half[] Run(string[] files)
    {
        var dimensions = _runners[0].Dimensions;
        var rows = new Half[files.Length * dimensions];
        var next = 0;
        Exception? failure = null;
        var threads = _runners.Select(runner => new Thread(() =>
        {
            try
            {
                var buffer = new byte[1 << 20];
                for (int first; (first = Interlocked.Add(ref next, runner.Capacity) - runner.Capacity) < files.Length;)
                {
                    var count = Math.Min(runner.Capacity, files.Length - first);
                    for (var i = 0; i < count; i++)
                    {
                        using var file = File.OpenHandle(files[first + i]);
                        var length = RandomAccess.Read(file, buffer, 0);
                        if (!_decoder.TryDecodeToTensor(buffer.AsMemory(0, length), runner.Slot(i), runner.Side, _normalisation,
                            out var reason)) throw new InvalidDataException(reason);
                    }
                    var embeddings = runner.Run(0, count);
                    for (var i = 0; i < embeddings.Length; i++) rows[(first * dimensions) + i] = (Half)embeddings[i];
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
        })
        { Name = "plain loop" }).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return failure is null ? rows : throw new InvalidOperationException("The plain loop failed.", failure);
    }

    public void Dispose()
    {
        foreach (var runner in _runners) runner.Dispose();
        _session.Dispose();
        _decoder.Dispose();
    }
}
