using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Cli.Images;

/// <summary>
/// What an import did not take as it was given: all of it in the report where one is wanted, the first of each kind by name on the
/// screen, and how many there are.
/// </summary>
internal sealed class ImportNotes : IDisposable
{
    /// <summary>Names of each kind that are shown.</summary>
    private const int MostNames = 100;

    private readonly string _dataset;
    private readonly string? _reportFile;
    private readonly StreamWriter? _report;
    private readonly List<Kind> _kinds;
    private readonly Kind _renamed = new(
        "stored under another name, because what cannot be shown in a name is written as its code (%0A), and long names keep their end",
        r => r.StoredAs is { } name && name == ImageName.Kept(r.Name));

    private readonly Kind _namesakes = new(
        "there already under another name, which they keep", r => r.StoredAs is { } name && name != ImageName.Kept(r.Name));

    private sealed record Kind(string Title, Func<IngestResult, bool> Holds)
    {
        public long Count { get; set; }

        public List<IngestResult> First { get; } = [];
    }

    /// <exception cref="IOException">The report cannot be written, or would take the place of something else.</exception>
    public ImportNotes(string dataset, Partition partition, string? reportFile)
    {
        (_dataset, _reportFile) = (dataset, reportFile);
        _report = reportFile is null ? null : new StreamWriter(Opened(Mine(reportFile)));
        var elsewhere = partition == Partition.Holdout
            ? "in the pool already, and stay there, so the holdout lacks them"
            : "in the holdout already, and stay there, so nobody is asked about them";
        _kinds =
        [
            new("left out", r => r.Status == IngestStatus.LeftOut),
            new("put aside, because they cannot be used", r => r.Status == IngestStatus.Quarantined),
            new(elsewhere, r => r.StandsIn is not null),
            new("without the label that they were given", r => r.LabelNotTaken is not null),
        ];
    }

    /// <summary>Refuses a report that cannot be written, before anything else is done.</summary>
    /// <exception cref="IOException">It would take the place of something else.</exception>
    public static void Check(string? reportFile)
    {
        if (reportFile is not null) Mine(reportFile);
    }

    /// <summary>An import that is resumed writes its report anew; whatever else bears the name stays.</summary>
    private static string Mine(string path)
    {
        if (IsStream(path)) return path;
        if (new FileInfo(path).LinkTarget is { } target)
            throw new IOException(
                $"{path} is a link to {target}, and a report is written into no file that another name leads to. Name that file.");
        if (FileFacts.Of(path).Kind is var kind and (FileKind.Folder or FileKind.Device or FileKind.Pipe or FileKind.Socket))
            throw new IOException($"{path} is a {kind.ToString().ToLowerInvariant()}. Name a file for --report.");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder {folder}. Make it, or name another file for --report.");
        if (new FileInfo(path) is not { Exists: true, Length: > 0 } || IsReport(File.ReadLines(path).FirstOrDefault())) return path;
        throw new IOException($"{path} is there and is no report of an import. Choose another name for --report.");
    }

    /// <summary>
    /// A new file with the mode of one, whatever mode the report before it had; a stream of the shell is written to as it is.
    /// </summary>
    private static FileStream Opened(string path)
    {
        if (IsStream(path)) return new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        try
        {
            File.Delete(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path} is there and cannot be replaced: {e.Message} Choose another name for --report.", e);
        }
        return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Such as <c>/dev/stdout</c>, which is a link, and a shell's <c>&gt;(…)</c>: what was opened for this command.</summary>
    private static bool IsStream(string path) =>
        !OperatingSystem.IsWindows() && File.Exists(path) && Path.GetFullPath(path) is var full
        && (full is "/dev/stdout" or "/dev/stderr" or "/dev/tty" or "/dev/null" || full.StartsWith("/dev/fd/", StringComparison.Ordinal));

    private static bool IsReport(string? line)
    {
        if (string.IsNullOrEmpty(line)) return line is null;
        try
        {
            return JsonSerializer.Deserialize(line, ModelJson.Default.IngestResult) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Whether all is in the dataset as it was sent. Under which name is told, and no reason to look after it.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Notes one that is not in the dataset as it was sent, or not under the name that it was sent with.</summary>
    public void Add(IngestResult result)
    {
        if (result is { AsSent: true, StoredAs: null }) return;
        if (!result.AsSent) IsEmpty = false;
        _report?.WriteLine(JsonSerializer.Serialize(result, ModelJson.Default.IngestResult));
        foreach (var kind in _kinds.Append(_renamed).Append(_namesakes).Where(k => k.Holds(result)))
        {
            kind.Count++;
            if (kind.First.Count < MostNames) kind.First.Add(result);
        }
    }

    /// <summary>How many came to what.</summary>
    public static string Counts(ImportProgress done)
    {
        var elsewhere = done.InOtherPartition > 0 ? $"; {done.InOtherPartition} in the other partition" : "";
        var labels = done.LabelsNotTaken > 0 ? $"; {done.LabelsNotTaken} labels not taken over" : "";
        return $"{done.Accepted} accepted, {done.Duplicates} there already, {done.Quarantined} quarantined, {done.LeftOut} left out"
            + elsewhere + labels;
    }

    public void Print(ImageFolderReport met)
    {
        foreach (var kind in _kinds) Print(kind, r => r.Reason ?? "it was not said why");
        foreach (var kind in new[] { _renamed, _namesakes }) Print(kind, r => $"stored as {ShownText.Named(r.StoredAs!)}");
        if (_kinds[1].Count > 0)
            Terminal.Say($"All quarantined images with their reasons: winnow list {_dataset} --stage quarantined");
        Told(met.FileLinks, "link to a file was followed.", "links to files were followed.");
        Told(met.FolderLinks, "link to a folder was followed.", "links to folders were followed.");
        Told(met.NeedlessLinks, "link to a folder that is read anyway.", "links to folders that are read anyway.");
        var unlabelled = string.Join(", ", met.WithoutFolderSamples.Select(ShownText.Escaped))
            + (met.WithoutFolder > met.WithoutFolderSamples.Count ? ", …" : "");
        Told(met.WithoutFolder, $"file lies in no class's folder, but beside them, and came without a label: {unlabelled}",
            $"files lie in no class's folder, but beside them, and came without a label: {unlabelled}");
        var more = met.Hidden > met.HiddenSamples.Count ? ", …" : "";
        var samples = string.Join(", ", met.HiddenSamples.Select(ShownText.Escaped)) + more;
        Told(met.Hidden, $"hidden file or folder was passed over: {samples}", $"hidden files and folders were passed over: {samples}");
    }

    private void Print(Kind kind, Func<IngestResult, string> why)
    {
        if (kind.Count == 0) return;
        Terminal.Say($"{kind.Count} {kind.Title}:");
        foreach (var result in kind.First) Terminal.Say($"  {ShownText.Named(result.Name)}: {ShownText.Escaped(why(result))}");
        if (kind.Count > kind.First.Count)
            Terminal.Say($"  and {kind.Count - kind.First.Count} more; {_reportFile ?? "--report FILE"} names all");
    }

    private static void Told(long count, string one, string many)
    {
        if (count > 0) Terminal.Say($"{count} {(count == 1 ? one : many)}");
    }

    public void Dispose() => _report?.Dispose();
}
