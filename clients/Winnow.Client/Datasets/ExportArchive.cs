using System.Formats.Tar;
using System.Globalization;
using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>
/// Unpacks what a server sends as an export. It is held to what exports are: plain files of names that exports write, and an end that
/// says that all has come. Whatever is wrong is one sentence, which names the file, and by then nothing has its place yet.
/// </summary>
/// <param name="sent">What comes.</param>
/// <param name="what">What it is to be, for sentences: such as <c>The export of version 3 of 'pets'</c>.</param>
internal sealed class ExportArchive(SentBody sent, string what)
{
    /// <summary>Bytes of a list of missing images, at most: it is read into memory, and a full one has a fraction of this.</summary>
    private const int MostOfGaps = 64 << 20;

    private const string Again = "Nothing was written. Export it again; where that does not help, the server's log has the cause.";

    private readonly List<MissingObject> _missing = [];
    private string? _at;

    /// <summary>Images of the version that the server could not read.</summary>
    public IReadOnlyList<MissingObject> Missing => _missing;

    /// <summary>Writes an export in folders.</summary>
    /// <exception cref="InvalidDataException">It is none, or not whole.</exception>
    public async Task UnpackAsync(ExportFolder target, CancellationToken cancellationToken)
    {
        await using var tar = new TarReader(sent, leaveOpen: true);
        while (await NextAsync(tar, cancellationToken) is { } entry)
        {
            _at = entry.Name;
            if (entry.EntryType != TarEntryType.RegularFile)
                throw Wrong($"holds {Named(entry.Name)} as a {KindOf(entry.EntryType)}, and plain files alone are taken");
            if (!ExportNames.IsInArchive(entry.Name)) throw Wrong($"holds {Named(entry.Name)}, and exports write no file of that name");
            try
            {
                await AddAsync(entry, target, cancellationToken);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException && sent.HasEnded && !sent.EndsAsArchive)
            {
                throw CutOff(e);
            }
        }
        // A server that finds after the last file that it could not give all breaks off here.
        if (!await ArchiveEnd.IsAllAsync(sent, cancellationToken)) throw Wrong("goes on behind its end");
        if (!sent.EndsAsArchive) throw CutOff(null);
    }

    /// <summary>Writes an export that is one table.</summary>
    /// <exception cref="InvalidDataException">It is not whole.</exception>
    public async Task CopyAsync(string format, ExportFolder target, CancellationToken cancellationToken)
    {
        await target.AddAsync(ExportNames.Table(format), sent, null, cancellationToken);
        // Each of its rows ends with a line end, the last one too; without an image there are no lines of JSON.
        if (sent.Bytes == 0 ? format != "jsonl" : format is "csv" or "jsonl" && sent.Last != '\n') throw CutOff(null);
    }

    private async Task<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellationToken)
    {
        try
        {
            return await tar.GetNextEntryAsync(cancellationToken: cancellationToken);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or FormatException or NotSupportedException
            or InvalidOperationException or ArgumentException or OverflowException)
        {
            if (sent.HasEnded) throw CutOff(e);
            throw Wrong($"is no archive, or a damaged one: what comes {Place()} cannot be read", e);
        }
    }

    private async Task AddAsync(TarEntry entry, ExportFolder target, CancellationToken cancellationToken)
    {
        var content = entry.DataStream ?? Stream.Null;
        if (ExportGaps.IsFileName(entry.Name))
        {
            await AddGapsAsync(entry, content, target, cancellationToken);
            return;
        }
        // An image is called by its hash.
        var sha256 = ExportNames.ImageOf(entry.Name) is { } image ? Convert.ToHexStringLower(image.ToBytes()) : null;
        await target.AddAsync(entry.Name, content, sha256, cancellationToken);
    }

    /// <summary>Reads which images the export lacks; whoever works with the folder later finds it there too.</summary>
    private async Task AddGapsAsync(TarEntry entry, Stream content, ExportFolder target, CancellationToken cancellationToken)
    {
        if (entry.Length > MostOfGaps)
            throw Wrong($"holds {Named(entry.Name)} with {entry.Length} bytes, which is larger than any list of missing images");
        using var text = new MemoryStream();
        await content.CopyToAsync(text, cancellationToken);
        text.Position = 0;
        using (var lines = new StreamReader(text, leaveOpen: true))
        {
            for (var number = 1; await lines.ReadLineAsync(cancellationToken) is { } line; number++)
                _missing.Add(ReadGap(line) ?? throw Wrong($"holds {Named(entry.Name)}, in which line {number} names no missing image"));
        }
        text.Position = 0;
        await target.AddAsync(entry.Name, text, null, cancellationToken);
    }

    private static MissingObject? ReadGap(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ModelJson.Default.MissingObject) is { } gap && gap.Check() is null ? gap : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private InvalidDataException CutOff(Exception? cause) => sent.Bytes == 0
        ? Wrong("is empty: the server sent nothing", cause)
        : Wrong(string.Create(CultureInfo.InvariantCulture, $"is cut off {Place()}, after {sent.Bytes} bytes: its end is missing"), cause);

    private string Place() => _at is null ? "at its beginning" : $"in or behind {Named(_at)}";

    private InvalidDataException Wrong(string why, Exception? cause = null) => new($"{what} {why}. {Again}", cause);

    private static string Named(string name) => $"'{ShownText.Named(name)}'";

    private static string KindOf(TarEntryType type) => type switch
    {
        TarEntryType.SymbolicLink or TarEntryType.HardLink => "link",
        TarEntryType.Directory => "folder",
        TarEntryType.SparseFile => "sparse file",
        TarEntryType.CharacterDevice or TarEntryType.BlockDevice => "device",
        TarEntryType.Fifo => "pipe",
        _ => string.Create(CultureInfo.InvariantCulture, $"thing of type {(int)type}"),
    };
}
