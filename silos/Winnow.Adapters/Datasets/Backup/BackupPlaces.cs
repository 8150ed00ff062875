using System.Globalization;
using System.Text.RegularExpressions;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Datasets.Backup;

/// <summary>
/// Where the objects of a backup go. Each is looked up by the name that a row or a state gave it; a name is never used as a path. What is
/// named by its content keeps its name; all else gets one that no other try and no other dataset has.
/// </summary>
internal sealed partial class BackupPlaces(string dataset, Guid token)
{
    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    private readonly DatasetPlace _place = new(dataset);
    private readonly string _suffix = $"r{token:n}";

    public int Count => _keys.Count;

    /// <summary>The key of an object; null when nothing named it.</summary>
    public string? Find(string name) => _keys.GetValueOrDefault(name);

    public void Add(int shard, SegmentLine segment)
    {
        if (!SegmentVersion().IsMatch(segment.Version)) throw new InvalidDataException($"The backup holds a segment of the version '{segment.Version}', which is none.");
        _keys[segment.Object] = ObjectKeys.Segment(new ShardKey(dataset, shard), segment.Kind, segment.Version, segment.First, _suffix);
    }

    /// <summary>The control state with the keys of the new dataset.</summary>
    public BackupControl Add(BackupControl control)
    {
        foreach (var version in control.Dataset.Versions)
            _keys[version.ManifestKey] = ObjectKeys.Manifest(dataset, version.Version.Number, _suffix);
        var moved = control.WithKeys(name =>
        {
            if (_keys.TryGetValue(name, out var known)) return known;
            if (!NamedByContent().IsMatch(name)) throw new InvalidDataException($"The backup's state names the object '{name}', which is none of a dataset.");
            return _keys[name] = _place.Absolute(name);
        });
        // What no state names by its key, such as the ONNX files of heads.
        foreach (var key in _place.ObjectsOf(moved))
            if (NamedByContent().IsMatch(_place.Relative(key))) _keys[_place.Relative(key)] = key;
        return moved;
    }

    /// <summary>The SHA-256 that an object's name promises; null where it promises none.</summary>
    public static string? HashOf(string name)
    {
        var match = NamedByContent().Match(name);
        return match.Success && !name.EndsWith(".onnx", StringComparison.Ordinal) ? match.Groups["hash"].Value : null;
    }

    /// <summary>Whether the control state makes sense by itself.</summary>
    /// <exception cref="InvalidDataException">It does not.</exception>
    public static void Check(BackupControl control)
    {
        var rounds = control.Dataset.Rounds;
        var sound = rounds.All(r => r.Number >= 1 && DatasetName.IsValid(r.Arm) && r.Command is { Arm: { } arm } && arm == r.Arm)
            && rounds.DistinctBy(r => (r.Arm, r.Number)).Count() == rounds.Count
            && control.Rounds.All(r => r is null || r.Selected.All(s => s.Shard >= 0 && s.Ordinal >= 0))
            && control.Dataset.Versions.Select((v, i) => v.Version.Number == i + 1).All(right => right);
        if (!sound) throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The backup's {rounds.Count} rounds and {control.Dataset.Versions.Count} versions contradict themselves. It was changed, or Winnow did not write it."));
    }

    [GeneratedRegex(@"\A(projections/(?<hash>[0-9a-f]{64})|models/[a-z0-9-]{1,63}/[0-9]{6,10}/(?<hash>[0-9a-f]{64})\.(bin|onnx))\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex NamedByContent();

    // A segment of a key once '/' has become '-'.
    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9_./-]{0,199}\z", RegexOptions.CultureInvariant)]
    private static partial Regex SegmentVersion();
}
