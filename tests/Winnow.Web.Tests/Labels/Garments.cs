using System.Collections.Concurrent;
using Winnow.Inference.Weights;
using Winnow.Silo.Demo;
using Winnow.Testing;

namespace Winnow.Web.Tests.Labels;

/// <summary>
/// Pictures composed of Fashion-MNIST, which is had as the demo has it: nothing needs to be installed. Each is composed once.
/// </summary>
internal sealed class Garments(GarmentPictures pictures)
{
    private static readonly Lazy<Task<Garments>> Loaded = new(async () =>
    {
        var (train, _) = await new FashionMnist(WeightsCache.DefaultFolder(), _ => { }).LoadAsync(CancellationToken.None);
        return new Garments(new GarmentPictures(train.Pixels, train.Labels, FashionMnist.Classes));
    });

    private readonly ConcurrentDictionary<int, GarmentPicture> _composed = new();

    public GarmentPictures Pictures { get; } = pictures;

    public static Task<Garments> LoadAsync() => Loaded.Value;

    public GarmentPicture Picture(int seed) => _composed.GetOrAdd(seed, Pictures.Compose);
}
