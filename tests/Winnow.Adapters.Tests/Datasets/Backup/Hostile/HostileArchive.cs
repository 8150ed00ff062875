using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Winnow.Algorithms.Numerics;
using Winnow.Grains.Backup;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Tests.Datasets.Backup.Hostile;

/// <summary>A backup, taken apart, and put together again with changes and the hash that belongs to them.</summary>
internal sealed class HostileArchive
{
    private readonly List<(string Name, byte[] Content)> _files = [];
    private readonly byte[] _end;

    public HostileArchive(byte[] archive)
    {
        using var tar = new TarReader(new MemoryStream(archive));
        byte[] end = [];
        while (tar.GetNextEntry() is { } file)
        {
            using var content = new MemoryStream();
            file.DataStream?.CopyTo(content);
            if (file.Name == BackupEnd.FileName) end = content.ToArray();
            else _files.Add((file.Name, content.ToArray()));
        }
        _end = end;
        Texts = [.. TextsOf()];
    }

    /// <summary>A JSON text of the archive: a whole file, a line of one, or the text within a line.</summary>
    /// <param name="File">Number of the file; -1 for the end.</param>
    /// <param name="Line">The line, from 0 on; null where the file is one text.</param>
    /// <param name="Within">Whether it is the entry that a line of history holds as a text.</param>
    /// <param name="Json">The text.</param>
    /// <param name="Kind">What kind of record it is: the same for all lines of a kind.</param>
    internal sealed record Text(int File, int? Line, bool Within, byte[] Json, string Kind);

    /// <summary>All JSON texts.</summary>
    public IReadOnlyList<Text> Texts { get; }

    /// <summary>Names of all files but the end.</summary>
    public IReadOnlyList<string> Names => [.. _files.Select(f => f.Name)];

    /// <summary>The archive with a text changed.</summary>
    public byte[] With(Text text, byte[] json)
    {
        if (text.File < 0) return Build(_files, json);
        var files = _files.ToList();
        var (name, content) = files[text.File];
        files[text.File] = (name, Put(text, content, json));
        return Build(files, null);
    }

    /// <summary>The archive with two texts changed.</summary>
    public byte[] With(Text first, byte[] one, Text second, byte[] two)
    {
        if (first.File < 0 || second.File < 0 || (first.File == second.File && first.Line == second.Line)) return With(first, one);
        var files = _files.ToList();
        // From behind, so that a line which became two does not move the other.
        foreach (var (text, json) in (first.Line ?? 0) > (second.Line ?? 0) ? new[] { (first, one), (second, two) }
            : [(second, two), (first, one)])
            files[text.File] = (files[text.File].Name, Put(text, files[text.File].Content, json));
        return Build(files, null);
    }

    /// <summary>The archive with something done to its files or to bytes of them.</summary>
    public byte[] WithFilesChanged(SeededRandom random)
    {
        var files = _files.ToList();
        var at = random.Next(files.Count);
        var other = random.Next(files.Count);
        var (name, content) = files[at];
        switch (random.Next(14))
        {
            case 0:
                files.RemoveAt(at);
                break;
            case 1:
                files.Insert(other, files[at]);
                break;
            case 2:
                (files[at], files[other]) = (files[other], files[at]);
                break;
            case 3:
                files[at] = (files[other].Name, content);
                break;
            case 4:
                files[at] = (name, files[other].Content);
                break;
            case 5:
                files[at] = (new[] {
                    "images/../../../etc/passwd", "/etc/passwd", "rows/0001/000000-images.jsonl", "control.json", "x\u001b[2J",
                    "objects/000000.json", "" + name + "x" }[random.Next(7)], content);
                break;
            case 6:
                files[at] = (name, []);
                break;
            case 7:
                files[at] = (name, content[..random.Next(content.Length + 1)]);
                break;
            case 8:
                files[at] = (name, [.. content, .. content]);
                break;
            case 9 when content.Length > 0:
                var flipped = content.ToArray();
                for (var i = random.Next(4); i >= 0; i--) flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                files[at] = (name, flipped);
                break;
            case 10:
                files[at] = (name, LinesChanged(content, random));
                break;
            case 11:
                return Build(files, null)[..^(1 + random.Next(20_000))];
            case 12:
                // Only the frame: lengths, names, types and checksums of the archive itself.
                var archive = Build(files, null);
                archive[(512 * random.Next(archive.Length / 512)) + random.Next(265)] = (byte)random.Next(256);
                return archive;
            default:
                // The numbers at the head of a segment, a head or a projection.
                if (content.Length < 40) break;
                var head = content.ToArray();
                BitConverter.TryWriteBytes(head.AsSpan(4 * random.Next(8)), new[] { 0, 1, -1, int.MaxValue, int.MinValue, 1 << 20 }[
                    random.Next(6)]);
                files[at] = (name, head);
                break;
        }
        return Build(files, null);
    }

    private static byte[] LinesChanged(byte[] content, SeededRandom random)
    {
        var lines = Encoding.UTF8.GetString(content).Split('\n').SkipLast(1).ToList();
        if (lines.Count < 2) return content;
        var (a, b) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (random.Next(4))
        {
            case 0:
                (lines[a], lines[b]) = (lines[b], lines[a]);
                break;
            case 1:
                lines.RemoveAt(a);
                break;
            case 2:
                lines.Insert(b, lines[a]);
                break;
            default:
                lines.Reverse();
                break;
        }
        return Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n")));
    }

    private IEnumerable<Text> TextsOf()
    {
        for (var i = 0; i < _files.Count; i++)
        {
            var (name, content) = _files[i];
            if (name.EndsWith(".json", StringComparison.Ordinal))
            {
                yield return new Text(i, null, false, content, name.StartsWith("rounds/", StringComparison.Ordinal) ? "round"
                    : name.StartsWith("objects/", StringComparison.Ordinal) ? "object" : name);
                continue;
            }
            var manifest = content.AsSpan().StartsWith("{\"format\":\"winnow-manifest\""u8);
            if (!name.EndsWith(".jsonl", StringComparison.Ordinal) && !manifest) continue;
            var kind = manifest ? "manifest" : name == BackupFiles.ObjectList ? name : name[(name.LastIndexOf('-') + 1)..];
            var lines = Encoding.UTF8.GetString(content).Split('\n').SkipLast(1).ToArray();
            for (var line = 0; line < lines.Length; line++)
            {
                yield return new Text(i, line, false, Encoding.UTF8.GetBytes(lines[line]), manifest && line == 0 ? "manifest header"
                    : kind);
                if (kind != "history.jsonl") continue;
                using var row = JsonDocument.Parse(lines[line]);
                yield return new Text(i, line, true, Encoding.UTF8.GetBytes(row.RootElement.GetProperty("entry").GetString()!),
                    "history entry");
            }
        }
        yield return new Text(-1, null, false, _end, BackupEnd.FileName);
    }

    private static byte[] Put(Text text, byte[] content, byte[] json)
    {
        if (text.Line is not { } line) return json;
        var lines = Encoding.UTF8.GetString(content).Split('\n');
        // What is no UTF-8 within a text of JSON is an escape there.
        var changed = Encoding.UTF8.GetString(json);
        if (text.Within)
        {
            var row = Encoding.UTF8.GetBytes(lines[line]);
            var site = JsonSites.Of(row).Single(s => s.Path == "entry");
            changed = Encoding.UTF8.GetString(JsonSites.Splice(row, site.Start, site.End, JsonSerializer.Serialize(changed)));
        }
        lines[line] = changed;
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    private byte[] Build(List<(string Name, byte[] Content)> files, byte[]? end)
    {
        using var archive = new MemoryStream();
        using var tar = new TarFrame(archive);
        foreach (var (name, content) in files) tar.Add(name, content);
        if (end is null)
        {
            var was = JsonSerializer.Deserialize(_end, ModelJson.Default.BackupEnd)!;
            end = JsonSerializer.SerializeToUtf8Bytes(was with { Files = tar.Files, Sha256 = tar.Finish() }, ModelJson.Default.BackupEnd);
        }
        tar.End(end);
        return archive.ToArray();
    }

    /// <summary>A tar writer that takes any name, which that of the class library does not.</summary>
    private sealed class TarFrame(Stream to) : IDisposable
    {
        private readonly BackupDigest _digest = new();

        public long Files => _digest.Files;

        public string Finish() => _digest.Finish();

        public void Add(string name, byte[] content)
        {
            _digest.Begin(Encoding.ASCII.GetString(Encoding.ASCII.GetBytes(name)), content.Length);
            _digest.Append(content);
            Write(name, content);
        }

        public void End(byte[] content)
        {
            Write(BackupEnd.FileName, content);
            to.Write(new byte[1024]);
        }

        public void Dispose() => _digest.Dispose();

        private void Write(string name, byte[] content)
        {
            var header = new byte[512];
            Encoding.ASCII.GetBytes(name.Length > 100 ? name[..100] : name).CopyTo(header, 0);
            Encoding.ASCII.GetBytes("0000600\0").CopyTo(header, 100);
            Encoding.ASCII.GetBytes(Convert.ToString(content.Length, 8).PadLeft(11, '0')).CopyTo(header, 124);
            Encoding.ASCII.GetBytes("00000000000").CopyTo(header, 136);
            header[156] = (byte)'0';
            Encoding.ASCII.GetBytes("ustar\00000").CopyTo(header, 257);
            header.AsSpan(148, 8).Fill((byte)' ');
            var sum = header.Sum(b => (int)b);
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0").CopyTo(header, 148);
            to.Write(header);
            to.Write(content);
            to.Write(new byte[(512 - (content.Length % 512)) % 512]);
        }
    }
}
