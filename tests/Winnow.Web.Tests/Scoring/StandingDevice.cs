using System.Collections.Concurrent;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Web.Tests.Scoring;

/// <summary>Reads the images that it is given, and does nothing with them until it may go on.</summary>
internal sealed class StandingDevice : IEmbedderProvider, IEmbedder
{
    private readonly TaskCompletionSource _free = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();

    public int Devices => 1;

    public string Kind => "cpu";

    public int Dimensions => 4;

    /// <summary>Images in its hands now.</summary>
    public int Holds { get; private set; }

    public int MostHeld { get; private set; }

    /// <summary>How often each image came.</summary>
    public ConcurrentDictionary<ImageId, int> Seen { get; } = new();

    public void GoOn() => _free.TrySetResult();

    public Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken) => Task.FromResult<IEmbedder>(this);

    public async Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
        CancellationToken cancellationToken)
    {
        Hold(count);
        try
        {
            for (var i = 0; i < count; i++) Seen.AddOrUpdate(ImageId.Of((await fetch(i, cancellationToken)).Span), 1, (_, n) => n + 1);
            await _free.Task.WaitAsync(cancellationToken);
            return new Embedded(new Half[count * Dimensions], new string?[count]);
        }
        finally
        {
            Hold(-count);
        }
    }

    private void Hold(int more)
    {
        lock (_gate)
        {
            Holds += more;
            MostHeld = Math.Max(MostHeld, Holds);
        }
    }
}
