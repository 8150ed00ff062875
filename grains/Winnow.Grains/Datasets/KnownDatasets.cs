using System.Collections.Concurrent;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Datasets;

/// <summary>
/// What datasets are, asked of the ledger once per silo: every image that somebody decides about wants to know, and a dataset that has its name does not
/// change. One that is not there is asked for again each time.
/// </summary>
internal sealed class KnownDatasets(ILedger ledger)
{
    private readonly ConcurrentDictionary<string, DatasetInfo> _known = new(StringComparer.Ordinal);

    /// <exception cref="RefusedException">There is no such dataset.</exception>
    public ValueTask<DatasetInfo> GetAsync(string name, CancellationToken cancellationToken) =>
        _known.TryGetValue(name, out var known) ? ValueTask.FromResult(known) : new ValueTask<DatasetInfo>(AskAsync(name, cancellationToken));

    private async Task<DatasetInfo> AskAsync(string name, CancellationToken cancellationToken) =>
        _known[name] = await ledger.FindDatasetAsync(name, cancellationToken) ?? throw new RefusedException($"There is no dataset '{name}'.");
}
