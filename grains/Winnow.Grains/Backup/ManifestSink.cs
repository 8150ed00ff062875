using System.Globalization;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Grains.Backup;

/// <summary>
/// Reads a manifest line by line. A version is its hash, so no byte of a manifest can be changed: one that is not sound although its hash
/// is right was made so, and no restore takes place. One whose hash is another is damaged, and its version goes without.
/// </summary>
internal sealed class ManifestSink(ManifestObject named, LabelSchema schema) : ObjectSink
{
    /// <summary>What an image may bear at most fits into it several times.</summary>
    private const int LongestLine = 1 << 26;

    private readonly MemoryStream _line = new();
    private HashSet<string> _classes = [];
    private ManifestHeader? _header;
    private Exception? _wrong;
    private int _number;
    private long _images;
    private long _labeled;

    public override void Take(ReadOnlySpan<byte> bytes)
    {
        while (_wrong is null && bytes.Length > 0)
        {
            var end = bytes.IndexOf((byte)'\n');
            _line.Write(end < 0 ? bytes : bytes[..end]);
            if (_line.Length > LongestLine) _wrong = BackupFault.At(named.Name, "the line is longer than any of a manifest.", _number + 1);
            if (end < 0) return;
            bytes = bytes[(end + 1)..];
            TakeLine();
        }
    }

    public override string? End(string sha256)
    {
        if (sha256 != named.Version.ManifestSha256) return "its bytes are not those of its version";
        if (_wrong is not null) throw _wrong;
        if (_line.Length > 0) throw BackupFault.At(named.Name, "the line has no end.", _number + 1);
        if (_number == 0) throw BackupFault.At(named.Name, "it is empty.");
        if (_images != named.Version.Images || _labeled != named.Version.Labeled)
            throw BackupFault.At(named.Name, string.Create(CultureInfo.InvariantCulture,
                $"it has {_images} images, {_labeled} with a label, and its version says {named.Version.Images} and "
                + $"{named.Version.Labeled}."));
        return null;
    }

    private void TakeLine()
    {
        _number++;
        try
        {
            var json = _line.GetBuffer().AsSpan(0, (int)_line.Length);
            if (json.IsEmpty && _number > 1) return;
            if ((_number == 1 ? CheckHeader(BackupText.Read<ManifestHeader>(named.Name, json, _number))
                : Check(BackupText.Read<ManifestRow>(named.Name, json, _number))) is { } wrong)
                _wrong = BackupFault.At(named.Name, wrong, _number);
        }
        catch (InvalidDataException problem)
        {
            _wrong = problem;
        }
        _line.SetLength(0);
    }

    private string? CheckHeader(ManifestHeader header)
    {
        if (header.Check() is { } wrong) return wrong;
        _header = header;
        var version = header.Schema.Number;
        _classes = [.. header.Schema.Classes.Select(c => c.Name)];
        return version <= schema.Number && header.Schema.Classes.Select(c => c.Name).SequenceEqual(schema.NamesAt(version))
            ? null : "schema has other classes than the dataset.";
    }

    private string? Check(ManifestRow row)
    {
        if (row.Check(_header!, _classes) is { } wrong) return wrong;
        _images++;
        if (row.IsLabelled) _labeled++;
        return null;
    }
}
