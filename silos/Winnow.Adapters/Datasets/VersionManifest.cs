using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Datasets;

/// <summary>A version of a dataset, for an export format: its rows as often as it needs them, and the objects they name.</summary>
public sealed class VersionManifest
{
    /// <summary>What the first line of a manifest names as its format.</summary>
    public const string Format = ManifestHeader.FormatName;

    private readonly string _key;

    private readonly ContentPass? _images;

    internal VersionManifest(DatasetInfo dataset, StoredVersion version, IObjectStore objects, ContentPass? images = null)
    {
        _images = images;
        Dataset = dataset;
        Version = version.Version;
        Objects = objects;
        _key = version.ManifestKey;
    }

    /// <summary>The dataset.</summary>
    public DatasetInfo Dataset { get; }

    /// <summary>The version.</summary>
    public DatasetVersion Version { get; }

    /// <summary>Leave to take the images' bytes: of a format that says it has them.</summary>
    /// <exception cref="InvalidOperationException">The format does not say so.</exception>
    public ContentPass Images => _images
        ?? throw new InvalidOperationException("This export format takes images and does not say so (HasImages).");

    /// <summary>The label schema that it was made under, in whose names its rows are.</summary>
    /// <exception cref="InvalidDataException">The manifest is missing or is not one.</exception>
    public async Task<LabelSchema> ReadSchemaAsync(CancellationToken cancellationToken)
    {
        using var lines = new StreamReader(await OpenAsync(cancellationToken).ConfigureAwait(false));
        var line = await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        CheckHeader(line);
        try
        {
            return JsonSerializer.Deserialize(line!, ModelJson.Default.ManifestHeader)!.Schema;
        }
        catch (JsonException problem)
        {
            throw Unusable($"does not begin with a header: {problem.Message}");
        }
    }

    /// <summary>Where the images are.</summary>
    public IObjectStore Objects { get; }

    /// <summary>All rows, in the order of the manifest.</summary>
    /// <exception cref="InvalidDataException">The manifest is missing or is not one.</exception>
    public async IAsyncEnumerable<ManifestRow> ReadRowsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var lines = new StreamReader(await OpenAsync(cancellationToken).ConfigureAwait(false));
        CheckHeader(await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false));
        for (var number = 2; await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line; number++)
        {
            if (line.Length > 0) yield return Parse(line, number);
        }
    }

    /// <summary>Compares the manifest with the hash that names the version.</summary>
    /// <exception cref="InvalidDataException">The manifest is missing or was changed.</exception>
    internal async Task CheckHashAsync(CancellationToken cancellationToken)
    {
        var stream = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
            if (hash != Version.ManifestSha256)
                throw Unusable($"has SHA-256 {hash} and the version was made with {Version.ManifestSha256}");
        }
    }

    private async Task<Stream> OpenAsync(CancellationToken cancellationToken) =>
        await Objects.OpenReadAsync(_key, cancellationToken).ConfigureAwait(false) ?? throw Unusable("is not in the object store");

    private void CheckHeader(string? line)
    {
        try
        {
            using var header = JsonDocument.Parse(line ?? "");
            if (header.RootElement.ValueKind == JsonValueKind.Object && header.RootElement.TryGetProperty("format", out var format) &&
                format.ValueKind == JsonValueKind.String && format.ValueEquals(Format))
            {
                if (header.RootElement.TryGetProperty("layout", out var layout) && layout.ValueKind == JsonValueKind.Number
                    && layout.TryGetInt32(out var number)
                    && number is >= ManifestHeader.OneClassLayout and <= ManifestHeader.MachineLayout) return;
                throw Unusable("is of a layout that this release does not read: start the one that wrote it");
            }
        }
        catch (JsonException problem)
        {
            throw Unusable($"does not begin with a header: {problem.Message}");
        }
        throw Unusable($"does not begin with a header of the format '{Format}'");
    }

    private ManifestRow Parse(string line, int number)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ModelJson.Default.ManifestRow) ?? throw new JsonException("The row is null.");
        }
        catch (JsonException problem)
        {
            throw Unusable(string.Create(CultureInfo.InvariantCulture, $"has no image row in line {number}: {problem.Message}"));
        }
    }

    private InvalidDataException Unusable(string what) =>
        new(string.Create(CultureInfo.InvariantCulture,
        $"The manifest of version {Version.Number} of dataset '{Dataset.Name}' ('{_key}') {what}. Restore it from a backup; the version "
        + $"cannot be exported without it."));
}
