using Winnow.Inference.Images;

namespace Winnow.Benchmarks.Scoring;

/// <summary>
/// The floor of a device that wants batches: two threads fill whole lots from files in turn, so that the device never waits.
/// </summary>
internal sealed class LauncherLoop : IDisposable
{
    private readonly ImageDecoder _decoder;
    private readonly SlowLauncher[] _runners;

    public LauncherLoop(int lot, ImageDecoder decoder)
    {
        var device = new Lock();
        (_decoder, _runners) = (decoder, [new SlowLauncher(device, lot), new SlowLauncher(device, lot)]);
    }

    public void Run(string[] files)
    {
        var next = 0;
        var threads = _runners.Select(runner => new Thread(() =>
        {
            for (int first; (first = Interlocked.Add(ref next, runner.Capacity) - runner.Capacity) < files.Length;)
            {
                var count = Math.Min(runner.Capacity, files.Length - first);
                for (var i = 0; i < count; i++)
                    _decoder.TryDecodeToTensor(File.ReadAllBytes(files[first + i]), runner.Slot(i), runner.Side, Normalisation.ImageNet,
                        out _);
                runner.Run(0, count);
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
    }

    public void Dispose()
    {
        foreach (var runner in _runners) runner.Dispose();
    }
}
