using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Adapters.Datasets;

/// <summary>
/// The layout that trainers for ImageNet read, as a tar stream: <c>train/&lt;class&gt;/&lt;id&gt;.&lt;ext&gt;</c> and
/// <c>holdout/&lt;class&gt;/…</c>, and apart from them what machines decided, <c>train-auto/&lt;class&gt;/…</c> and
/// <c>train-pseudo/&lt;class&gt;/…</c>; sorted by these, class and id; names are of <see cref="ExportNames"/>, and readers take no others.
/// A class that cannot be a folder has an encoded one (<see cref="FolderName"/>). Images without a label, and quarantined ones, have no
/// place in it and are left out; the table of the "csv" format has them all. Images that the store does not give are named in files of
/// their own (<see cref="ExportGaps"/>), and hold up no other.
/// </summary>
internal sealed class ImageFolderExport(ImageDecoder decoder) : IExportFormat
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Two empty blocks.</summary>
    private const int EndOfArchive = 2 * 512;

    public string Name => "imagenet";

    public bool HasImages => true;

    public string? CannotSay(LabelSchema schema) => schema.IsOneClass ? null
        : "Folders hold each image once, under its class, and labels of this dataset are sets of annotations: export it as 'jsonl'.";

    public async Task WriteAsync(VersionManifest version, Stream destination, CancellationToken cancellationToken)
    {
        var members = await ReadMembersAsync(version, cancellationToken).ConfigureAwait(false);
        var folders = new ClassFolders(await version.ReadSchemaAsync(cancellationToken).ConfigureAwait(false));
        // GNU's format: the PAX headers that the class library writes hold the number of the process, so no two runs would give the same
        // bytes.
        var tar = new TarWriter(destination, TarEntryFormat.Gnu, leaveOpen: true);
        await using (tar.ConfigureAwait(false))
        {
            var gaps = new Gaps(tar);
            foreach (var member in members)
            {
                if (folders.Enter(member.Place, member.Class, out var folder) is { } named)
                    await tar.WriteEntryAsync(Entry(ExportNames.ClassFile(folder), named), cancellationToken).ConfigureAwait(false);
                var (bytes, fault) = await StoredImage.ReadAsync(version.Objects, version.Images, member.Id, cancellationToken)
                    .ConfigureAwait(false);
                if (fault is null)
                    await tar.WriteEntryAsync(Entry(ExportNames.Image(folder, member.Id, Extension(bytes.Span)), bytes), cancellationToken)
                        .ConfigureAwait(false);
                else await gaps.AddAsync($"{folder}/{member.Id}", fault.Reason, cancellationToken).ConfigureAwait(false);
            }
            await gaps.EndAsync(cancellationToken).ConfigureAwait(false);
        }
        // The library ends an archive only where it has written something; nothing at all is no archive.
        if (members.Count == 0) await destination.WriteAsync(new byte[EndOfArchive], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forty bytes an image; a version of ten million labelled images fits into memory.</summary>
    private static async Task<List<Member>> ReadMembersAsync(VersionManifest version, CancellationToken cancellationToken)
    {
        var members = new List<Member>();
        var classes = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (var row in version.ReadRowsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (row.Label is not { } label || row.Stage == Stage.Quarantined) continue;
            if (!classes.TryGetValue(label, out var shared)) classes.Add(label, shared = label);
            members.Add(new Member(ExportNames.PlaceOf(row), shared, row.Id));
        }
        members.Sort();
        return members;
    }

    private static GnuTarEntry Entry(string name, ReadOnlyMemory<byte> bytes) =>
        new(TarEntryType.RegularFile, name)
        {
            ModificationTime = DateTimeOffset.UnixEpoch,
            AccessTime = DateTimeOffset.UnixEpoch,
            ChangeTime = DateTimeOffset.UnixEpoch,
            Mode = Mode,
            Uid = 0,
            Gid = 0,
            UserName = "",
            GroupName = "",
            DataStream = new MemoryStream(bytes.ToArray(), writable: false),
        };

    private string Extension(ReadOnlySpan<byte> bytes) => decoder.TryReadHeader(bytes, out var header, out _)
        ? header.Format == "jpeg" ? "jpg" : header.Format
        : "bin";

    /// <summary>Where the images of a place and class go.</summary>
    private sealed class ClassFolders(LabelSchema schema)
    {
        private readonly IReadOnlyList<string> _folders = new ClassIndex(schema).Folders;
        private (ExportPlace Place, string Class)? _at;
        private string _folder = "";

        /// <summary>
        /// The folder of a class; and the class's name, to be written into it, where its first image comes and the folder's own name does
        /// not hold it.
        /// </summary>
        public byte[]? Enter(ExportPlace place, string name, out string folder)
        {
            var entered = _at != (place, name);
            if (entered)
            {
                // One that is retired too: it may well have been said.
                var index = schema.IndexOf(name);
                var own = index < 0 ? FolderName.Of(name) : _folders[index];
                _folder = ExportNames.Folder(place, own);
                _at = (place, name);
            }
            folder = _folder;
            return entered && FolderName.IsCut(folder) ? Encoding.UTF8.GetBytes(name) : null;
        }
    }

    /// <summary>Names what could not be read, in files of bounded size.</summary>
    private sealed class Gaps(TarWriter tar)
    {
        private readonly MemoryStream _lines = new();
        private int _inFile;
        private int _files;

        public async Task AddAsync(string path, string reason, CancellationToken cancellationToken)
        {
            await JsonSerializer.SerializeAsync(_lines, MissingObject.Of(path, reason), ModelJson.Default.MissingObject, cancellationToken)
                .ConfigureAwait(false);
            _lines.WriteByte((byte)'\n');
            if (++_inFile >= ExportGaps.MostInFile) await EndAsync(cancellationToken).ConfigureAwait(false);
        }

        public async Task EndAsync(CancellationToken cancellationToken)
        {
            if (_inFile == 0) return;
            await tar.WriteEntryAsync(Entry(ExportGaps.FileName(++_files), _lines.ToArray()), cancellationToken).ConfigureAwait(false);
            _lines.SetLength(0);
            _inFile = 0;
        }
    }

    private readonly record struct Member(ExportPlace Place, string Class, ImageId Id) : IComparable<Member>
    {
        public int CompareTo(Member other)
        {
            var order = Place.CompareTo(other.Place);
            if (order == 0) order = string.CompareOrdinal(Class, other.Class);
            return order != 0 ? order : Id.CompareTo(other.Id);
        }
    }
}
