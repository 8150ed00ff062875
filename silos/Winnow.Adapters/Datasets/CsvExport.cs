using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Datasets;

/// <summary>A table of all images, in the order of the manifest: RFC 4180, UTF-8 without a mark, with a header. An image without a label has an empty one.</summary>
internal sealed class CsvExport : IExportFormat
{
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    public string Name => "csv";

    public async Task WriteAsync(VersionManifest version, Stream destination, CancellationToken cancellationToken)
    {
        var writer = new StreamWriter(destination, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16, leaveOpen: true) { NewLine = "\r\n" };
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteLineAsync("id,name,partition,stage,label,history_version,audit").ConfigureAwait(false);
            await foreach (var row in version.ReadRowsAsync(cancellationToken).ConfigureAwait(false))
                await writer.WriteLineAsync(Line(row)).ConfigureAwait(false);
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static string Line(ManifestRow row) => string.Create(CultureInfo.InvariantCulture,
        $"{row.Id},{Field(row.Name)},{Word(row.Partition)},{Word(row.Stage)},{Field(row.Label ?? "")},{row.HistoryVersion},{(row.Audit ? "true" : "false")}");

    private static string Field(string value) =>
        value.AsSpan().ContainsAny(Quoted) ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;

    /// <summary>The value as the vocabulary writes it.</summary>
    private static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
