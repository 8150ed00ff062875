using Winnow.Grains.Ports;

namespace Winnow.Benchmarks.Scoring;

/// <summary>
/// The silo's own devices behind a gate: images wait in the cluster until it opens, so that what is timed begins with all of them there.
/// </summary>
internal sealed class GatedEmbedders(IEmbedderProvider inner) : IEmbedderProvider
{
    private TaskCompletionSource _gate = Opened();

    public int Devices => inner.Devices;

    public string Kind => inner.Kind;

    public void Open() => _gate.TrySetResult();

    public void Shut() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken) =>
        new Gated(this, await inner.GetAsync(backbone, device, cancellationToken));

    private static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }

    private sealed class Gated(GatedEmbedders owner, IEmbedder embedder) : IEmbedder
    {
        public int Dimensions => embedder.Dimensions;

        public async Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
            CancellationToken cancellationToken)
        {
            await owner._gate.Task.WaitAsync(cancellationToken);
            return await embedder.EmbedAsync(count, fetch, cancellationToken);
        }
    }
}
