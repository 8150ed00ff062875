using Winnow.Adapters.Objects.S3;
using Winnow.Adapters.Tests.Support;
using Winnow.Grains.Ports;
using Winnow.Testing;

namespace Winnow.Adapters.Tests.Objects.S3;

/// <summary>A bucket keeps to what every store does.</summary>
[Trait("needs", "s3")]
public sealed class S3ObjectStoreConformanceTests : ObjectStoreConformance
{
    private readonly TemporaryFolder _folder = new();
    private S3ObjectStore? _store;

    protected override async Task<IObjectStore> OpenAsync() =>
        _store = await S3Stores.OpenAsync(S3Stores.Options(await S3Server.SharedAsync(), _folder));

    public override Task DisposeAsync()
    {
        _store!.Dispose();
        // Nothing half-made stays.
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.At("cache")), f => f.EndsWith(".part", StringComparison.Ordinal));
        _folder.Dispose();
        return Task.CompletedTask;
    }
}
