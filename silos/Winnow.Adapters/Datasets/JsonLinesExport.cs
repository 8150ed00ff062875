using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Datasets;

/// <summary>
/// All images in the order of the manifest, each as one JSON object in a line of its own (JSON Lines, UTF-8): everything that a version
/// knows of an image, sets of annotations included. The SDK's label files read it back.
/// </summary>
internal sealed class JsonLinesExport : IExportFormat
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    public string Name => "jsonl";

    public string? CannotSay(LabelSchema schema) => null;

    public async Task WriteAsync(VersionManifest version, Stream destination, CancellationToken cancellationToken)
    {
        await foreach (var row in version.ReadRowsAsync(cancellationToken).ConfigureAwait(false))
        {
            await JsonSerializer.SerializeAsync(destination, row, ModelJson.Default.ManifestRow, cancellationToken).ConfigureAwait(false);
            await destination.WriteAsync(NewLine, cancellationToken).ConfigureAwait(false);
        }
    }
}
