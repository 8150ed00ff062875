using Winnow.Model.Datasets;

namespace Winnow.Adapters.Datasets;

/// <summary>What a format is given: a version's rows in the order of ids, and a way to the bytes.</summary>
public sealed record ExportSource(ManifestHeader Header, DatasetVersion Version, IAsyncEnumerable<ManifestRow> Rows, Func<ManifestRow, CancellationToken, Task<ReadOnlyMemory<byte>>> Content);

/// <summary>
/// Writes a dataset version in one format. The same version must always give the same bytes: no clock, no machine name, no order but the
/// manifest's. To add one: a class, a line in the registration, and a test class that inherits the conformance tests.
/// </summary>
public interface IExportFormat
{
    /// <summary>Its name in requests.</summary>
    string Name { get; }

    /// <summary>Writes the export to a stream that cannot seek.</summary>
    Task WriteAsync(ExportSource source, Stream destination, CancellationToken cancellationToken);
}
