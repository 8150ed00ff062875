using Winnow.Inference.Scoring;

namespace Winnow.Benchmarks.Scoring;

/// <summary>
/// A device that gains from batches, as graphics cards do: each run costs 4 ms, whatever is in it, and 20 µs per image on top; runs take
/// turns. It waits instead of computing, so the processors are free as they would be.
/// </summary>
internal sealed class SlowLauncher(Lock device, int capacity) : IBatchRunner
{
    private static readonly TimeSpan Launch = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan PerImage = TimeSpan.FromMicroseconds(20);

    private readonly float[] _input = new float[capacity * 3 * 160 * 160];
    private readonly float[] _output = new float[capacity * 16];
    private readonly ManualResetEventSlim _never = new(false, spinCount: 0);

    public int Dimensions => 16;

    public int Side => 160;

    public int Capacity => capacity;

    public Span<float> Slot(int slot) => _input.AsSpan(slot * 3 * Side * Side, 3 * Side * Side);

    public ReadOnlySpan<float> Run(int start, int count)
    {
        lock (device) _never.Wait(Launch + (count * PerImage));
        return _output.AsSpan(0, count * Dimensions);
    }

    public void RunBlank() => Run(0, 1);

    public void Dispose() => _never.Dispose();
}
