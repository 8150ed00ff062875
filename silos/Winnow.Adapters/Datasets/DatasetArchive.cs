using System.Runtime.CompilerServices;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Datasets;

/// <summary>Reads versions back from their manifests, and models from their objects.</summary>
public sealed class DatasetArchive(IObjectStore objects, IEnumerable<IExportFormat> formats) : IDatasetArchive
{
    private readonly IExportFormat[] _formats = [.. formats];

    public IReadOnlyList<string> Formats => [.. _formats.Select(f => f.Name)];

    public Task<Stream?> OpenManifestAsync(string dataset, int version, CancellationToken cancellationToken) => objects.OpenReadAsync(ObjectKeys.Manifest(dataset, version), cancellationToken);

    public Task<Stream?> OpenModelAsync(string dataset, string arm, int round, CancellationToken cancellationToken) => objects.OpenReadAsync(ObjectKeys.HeadOnnx(dataset, arm, round), cancellationToken);

    public async Task ExportAsync(DatasetInfo dataset, DatasetVersion version, string format, Stream destination, CancellationToken cancellationToken)
    {
        var writer = _formats.FirstOrDefault(f => f.Name == format) ?? throw new RefusedException($"There is no export format '{format}'. Known are: {string.Join(", ", Formats)}.");
        await using var manifest = await OpenManifestAsync(dataset.Name, version.Number, cancellationToken)
            ?? throw new InvalidDataException($"The manifest of version {version.Number} of '{dataset.Name}' is not in the object store.");
        using var reader = new StreamReader(manifest);
        var header = JsonSerializer.Deserialize(await reader.ReadLineAsync(cancellationToken) ?? "", ModelJson.Default.ManifestHeader)
            ?? throw new InvalidDataException($"The manifest of version {version.Number} of '{dataset.Name}' has no header.");
        await writer.WriteAsync(new ExportSource(header, version, RowsAsync(reader, cancellationToken), (row, ct) => ContentAsync(dataset.Name, row, ct)), destination, cancellationToken);
    }

    private static async IAsyncEnumerable<ManifestRow> RowsAsync(StreamReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
            yield return JsonSerializer.Deserialize(line, ModelJson.Default.ManifestRow) ?? throw new InvalidDataException("A manifest line is empty.");
    }

    private async Task<ReadOnlyMemory<byte>> ContentAsync(string dataset, ManifestRow row, CancellationToken cancellationToken) =>
        await objects.GetAsync(ObjectKeys.Image(dataset, row.Id), cancellationToken) ?? throw new InvalidDataException($"The bytes of {row.Id} are not in the object store.");
}
