using System.Globalization;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Training;

namespace Winnow.Adapters.Datasets;

/// <summary>Reads versions and models out of the object store.</summary>
internal sealed class DatasetArchive : IDatasetArchive
{
    private readonly IObjectStore _objects;
    private readonly IDatasetLedger _ledger;
    private readonly SortedDictionary<string, IExportFormat> _formats = new(StringComparer.Ordinal);

    public DatasetArchive(IObjectStore objects, IDatasetLedger ledger, IEnumerable<IExportFormat> formats)
    {
        (_objects, _ledger) = (objects, ledger);
        foreach (var format in formats)
            if (!_formats.TryAdd(format.Name, format))
                throw new InvalidOperationException($"Two export formats are called '{format.Name}'; register one of them.");
        Formats = [.. _formats.Keys];
    }

    public IReadOnlyList<string> Formats { get; }

    public string? CannotSay(string format, LabelSchema schema) => _formats[format].CannotSay(schema);

    public string DefaultFor(LabelSchema schema) => schema.IsOneClass ? "imagenet" : "jsonl";

    public Task<Stream?> OpenManifestAsync(StoredVersion version, CancellationToken cancellationToken) =>
        _objects.OpenReadAsync(version.ManifestKey, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="RefusedException">There is no such format.</exception>
    /// <exception cref="InvalidDataException">The manifest is missing or damaged, which is found before anything is written.</exception>
    public string? CannotTake(string format, ContentCaller caller) =>
        _formats.TryGetValue(format, out var writer) && writer.HasImages
            ? ContentPass.WhyNot(ContentPurpose.Export, caller.Permissions) : null;

    public async Task ExportAsync(DatasetInfo dataset, StoredVersion version, string format, ContentCaller caller, Stream destination,
        CancellationToken cancellationToken)
    {
        if (!_formats.TryGetValue(format, out var writer))
            throw new RefusedException(
                string.Create(CultureInfo.InvariantCulture, $"There is no export format '{format}'. Known: {string.Join(", ", Formats)}."));
        if (writer.CannotSay(dataset.Schema) is { } lost) throw new RefusedException(lost);
        var images = writer.HasImages ? ContentPass.For(dataset.Name, ContentPurpose.Export, caller) : null;
        var manifest = new VersionManifest(dataset, version, _objects, images);
        await manifest.CheckHashAsync(cancellationToken).ConfigureAwait(false);
        await writer.WriteAsync(manifest, destination, cancellationToken).ConfigureAwait(false);
        // What it could not read any more would else look like gaps of the dataset.
        var now = await _ledger.FindDatasetAsync(dataset.Name, cancellationToken).ConfigureAwait(false);
        if (now?.CreatedAt != dataset.CreatedAt)
            throw new InvalidOperationException($"Dataset '{dataset.Name}' was deleted during the export, which is not whole.");
    }

    public Task<VersionDiff> DiffAsync(DatasetInfo dataset, StoredVersion? from, StoredVersion to, CancellationToken cancellationToken) =>
        VersionComparison.CountAsync(Manifest(dataset, from), Manifest(dataset, to)!, cancellationToken);

    private VersionManifest? Manifest(DatasetInfo dataset, StoredVersion? version) =>
        version is null ? null : new VersionManifest(dataset, version, _objects);

    public async Task WriteChangesAsync(
        DatasetInfo dataset, StoredVersion? from, StoredVersion to, Stream destination, CancellationToken cancellationToken)
    {
        var changes = VersionComparison.CompareAsync(Manifest(dataset, from), Manifest(dataset, to)!, null, cancellationToken);
        await foreach (var change in changes.ConfigureAwait(false))
        {
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(change, ModelJson.Default.VersionChange), (byte)'\n'];
            await destination.WriteAsync(line, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task<Stream?> OpenModelAsync(string dataset, ModelVersion model, CancellationToken cancellationToken) =>
        _objects.OpenReadAsync(ObjectKeys.HeadOnnx(dataset, model.Arm, model.Round, model.HeadSha256), cancellationToken);
}
