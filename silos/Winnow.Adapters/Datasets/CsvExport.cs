using System.Globalization;
using System.Text;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Datasets;

/// <summary>One line per image (RFC 4180, UTF-8): id, name, partition, stage, label, history_version, audit.</summary>
public sealed class CsvExport : IExportFormat
{
    public string Name => "csv";

    public async Task WriteAsync(ExportSource source, Stream destination, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(destination, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\r\n" };
        await writer.WriteLineAsync("id,name,partition,stage,label,history_version,audit");
        await foreach (var row in source.Rows.WithCancellation(cancellationToken)) await writer.WriteLineAsync(LineOf(row).AsMemory(), cancellationToken);
    }

    private static string LineOf(ManifestRow row) => string.Join(',',
        row.Id, Quote(row.Name), Words(row.Partition.ToString()), Words(row.Stage.ToString()), Quote(row.Label ?? ""), row.HistoryVersion.ToString(CultureInfo.InvariantCulture), row.Audit ? "true" : "false");

    private static string Words(string name) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    private static string Quote(string text)
    {
        // A cell that a spreadsheet would take for a formula is made plain text.
        if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t') text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
