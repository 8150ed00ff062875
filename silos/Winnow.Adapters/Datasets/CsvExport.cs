using System.Text.Json;
using CsvHelper;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Adapters.Datasets;

/// <summary>
/// A table of all images, in the order of the manifest: RFC 4180, UTF-8 without a mark, with a header. An image without a label has an
/// empty one. Where a version has labels by machines, a last column says whose word each label is. What a spreadsheet would run as a
/// formula is written as text (<see cref="CsvText"/>); the SDK's label files read it back.
/// </summary>
internal sealed class CsvExport : IExportFormat
{
    private static readonly CsvWriterOptions Options = new() { TrueValue = "true", FalseValue = "false" };

    public string Name => "csv";

    public string? CannotSay(LabelSchema schema) => schema.IsOneClass ? null
        : "A table has one class for each image, and labels of this dataset are sets of annotations: export it as 'jsonl'.";

    public async Task WriteAsync(VersionManifest version, Stream destination, CancellationToken cancellationToken)
    {
        var table = CsvWriter.Create(destination, Options, leaveOpen: true);
        await using (table.ConfigureAwait(false))
        {
            // A version without labels by machines has the bytes that it has had in every release.
            var tellsSource = version.Version.AutoAccepted + version.Version.Pseudo > 0;
            string[] columns = ["id", "name", "partition", "stage", "label", "history_version", "audit"];
            table.WriteHeader(tellsSource ? [.. columns, "source"] : columns);
            await foreach (var row in version.ReadRowsAsync(cancellationToken).ConfigureAwait(false))
            {
                table.WriteField(row.Id.ToString());
                WriteText(table, row.Name);
                table.WriteField(Word(row.Partition));
                table.WriteField(Word(row.Stage));
                WriteText(table, row.Label ?? "");
                table.WriteField(row.HistoryVersion);
                table.WriteField(row.Audit);
                if (tellsSource) table.WriteField(row.Source is { } source ? Word(source) : "");
                await table.EndRecordAsync(cancellationToken).ConfigureAwait(false);
            }
            await table.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static void WriteText(CsvWriter table, string text)
    {
        var cell = CsvText.Neutralised(text);
        if (CsvText.IsSplit(cell)) table.WriteField(cell, CsvQuoting.Always);
        else table.WriteField(cell);
    }

    /// <summary>The value as the vocabulary writes it.</summary>
    private static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
