namespace Winnow.Grains.Ports;

/// <summary>What came of a lot of images.</summary>
/// <param name="Vectors">[count × dimensions], row-major; NaN where an image was refused.</param>
/// <param name="Reasons">Why an image was refused; null where it was embedded.</param>
public sealed record Embedded(Half[] Vectors, string?[] Reasons);

/// <summary>One device with a backbone on it.</summary>
public interface IEmbedder
{
    /// <summary>Numbers per embedding.</summary>
    int Dimensions { get; }

    /// <summary>Embeds a lot. A failing <paramref name="fetch"/> fails the call; an image that does not decode gets a reason.</summary>
    Task<Embedded> EmbedAsync(int count, Func<int, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> fetch,
        CancellationToken cancellationToken);
}

/// <summary>The devices of this silo.</summary>
public interface IEmbedderProvider
{
    /// <summary>How many devices this silo has: one scoring grain stands for each.</summary>
    int Devices { get; }

    /// <summary>What kind they are: cpu or cuda.</summary>
    string Kind { get; }

    /// <summary>The backbone on a device, loaded on first use.</summary>
    /// <exception cref="InvalidOperationException">The backbone is not known or its weights are not there; the message says what to
    /// do.</exception>
    Task<IEmbedder> GetAsync(string backbone, int device, CancellationToken cancellationToken);
}
