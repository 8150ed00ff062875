using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;

namespace Winnow.Web.Tests.Scoring;

/// <summary>The silo's own devices, counted, behind a gate, and one of them mortal.</summary>
internal sealed class CountedDevices(int deadlyDevice = -1, int after = 0)
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int[] _images = new int[2];
    private readonly int[] _begun = new int[2];
    private int _failures;

    /// <summary>Images that each device has embedded.</summary>
    public IReadOnlyList<int> Images => _images;

    /// <summary>Lots that the dead device was given.</summary>
    public int Failures => Volatile.Read(ref _failures);

    /// <summary>Lets the lots go that wait.</summary>
    public void Open() => _gate.TrySetResult();

    public void Into(IServiceCollection services)
    {
        var own = services.Last(s => s.ServiceType == typeof(IEmbedderProvider)).ImplementationType!;
        services.AddSingleton(own);
        services.AddSingleton<IEmbedderProvider>(provider => new Provider(this, (IEmbedderProvider)provider.GetRequiredService(own)));
    }

    private sealed class Provider(CountedDevices owner, IEmbedderProvider inner) : IEmbedderProvider
    {
        public int Devices => inner.Devices;

        public string Kind => inner.Kind;

        public async Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken) =>
            new Counted(owner, await inner.GetAsync(backbone, device, cancellationToken), device);
    }

    private sealed class Counted(CountedDevices owner, IEmbedder inner, int device) : IEmbedder
    {
        public int Dimensions => inner.Dimensions;

        public async Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
            CancellationToken cancellationToken)
        {
            await owner._gate.Task.WaitAsync(cancellationToken);
            var before = Interlocked.Add(ref owner._begun[device], count) - count;
            if (device == owner.DeadlyDevice && before >= owner.After)
            {
                // In the middle: half of the images were there.
                for (var i = 0; i < count / 2; i++) await fetch(i, cancellationToken);
                Interlocked.Increment(ref owner._failures);
                throw new InvalidOperationException("The device is gone.");
            }
            var embedded = await inner.EmbedAsync(count, fetch, cancellationToken);
            Interlocked.Add(ref owner._images[device], count);
            return embedded;
        }
    }

    private int DeadlyDevice => deadlyDevice;

    private int After => after;
}
