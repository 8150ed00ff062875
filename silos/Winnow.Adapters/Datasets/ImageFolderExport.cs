using System.Formats.Tar;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Model.Images;

namespace Winnow.Adapters.Datasets;

/// <summary>
/// The layout that trainers for ImageNet read, as a tar stream: <c>train/&lt;class&gt;/&lt;id&gt;.&lt;ext&gt;</c> and <c>holdout/&lt;class&gt;/…</c>, sorted by partition,
/// class and id. Images without a label, and quarantined ones, have no place in it and are left out; the table of the "csv" format has them all.
/// </summary>
internal sealed class ImageFolderExport(ImageDecoder decoder) : IExportFormat
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public string Name => "imagenet";

    public async Task WriteAsync(VersionManifest version, Stream destination, CancellationToken cancellationToken)
    {
        var members = await ReadMembersAsync(version, cancellationToken).ConfigureAwait(false);
        // GNU's format: the PAX headers that the class library writes hold the number of the process, so no two runs would give the same bytes.
        var tar = new TarWriter(destination, TarEntryFormat.Gnu, leaveOpen: true);
        await using (tar.ConfigureAwait(false))
        {
            foreach (var member in members)
            {
                var bytes = await version.Objects.GetAsync(ObjectKeys.Image(version.Dataset.Name, member.Id), cancellationToken).ConfigureAwait(false)
                    ?? throw new InvalidDataException($"Image {member.Id} of dataset '{version.Dataset.Name}' is not in the object store. Restore it from a backup.");
                if (ImageId.Of(bytes.Span) != member.Id)
                    throw new InvalidDataException($"The bytes of image {member.Id} of dataset '{version.Dataset.Name}' were changed in the object store. Restore them from a backup.");
                await tar.WriteEntryAsync(Entry(member, bytes), cancellationToken).ConfigureAwait(false);
            }
        }
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
            members.Add(new Member(row.Partition, shared, row.Id));
        }
        members.Sort();
        return members;
    }

    private GnuTarEntry Entry(Member member, ReadOnlyMemory<byte> bytes) =>
        new(TarEntryType.RegularFile, $"{(member.Partition == Partition.Holdout ? "holdout" : "train")}/{member.Class}/{member.Id}.{Extension(bytes.Span)}")
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

    private readonly record struct Member(Partition Partition, string Class, ImageId Id) : IComparable<Member>
    {
        public int CompareTo(Member other)
        {
            var order = Partition.CompareTo(other.Partition);
            if (order == 0) order = string.CompareOrdinal(Class, other.Class);
            return order != 0 ? order : Id.CompareTo(other.Id);
        }
    }
}
