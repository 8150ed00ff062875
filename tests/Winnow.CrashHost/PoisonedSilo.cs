using Microsoft.Extensions.DependencyInjection;
using Winnow.Grains.Ports;
using Winnow.Silo.Hosting;

namespace Winnow.CrashHost;

/// <summary>
/// The real silo, whose device ends the process when it meets a marked image, as native code does that a file makes crash.
/// </summary>
internal static class PoisonedSilo
{
    public static async Task RunAsync(string[] args)
    {
        await using var app = WinnowHost.Build(args, services => services.AddSingleton<IEmbedderProvider, FatalDevices>());
        await app.RunAsync();
    }

    private sealed class FatalDevices : IEmbedderProvider, IEmbedder
    {
        public int Devices => 1;

        public string Kind => "cpu";

        public int Dimensions => 4;

        public Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken) =>
            Task.FromResult<IEmbedder>(this);

        public async Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
            CancellationToken cancellationToken)
        {
            for (var i = 0; i < count; i++)
            {
                var bytes = await fetch(i, cancellationToken);
                if (bytes.Span.EndsWith("ends the process"u8)) Environment.FailFast("A marked image.");
            }
            return new Embedded(new Half[count * Dimensions], new string?[count]);
        }
    }
}
