using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Backup;

/// <summary>An object that a row or a state of a backup names, and where it goes.</summary>
/// <param name="Name">Its name in the backup: without the dataset. It is only ever compared.</param>
/// <param name="Key">Its key in the new dataset, made here.</param>
internal abstract record NamedObject(string Name, string Key);

/// <summary>A segment.</summary>
/// <param name="Name">Its name in the backup.</param>
/// <param name="Key">Its key in the new dataset.</param>
/// <param name="Shard">The shard that it belongs to.</param>
/// <param name="Line">Its row.</param>
internal sealed record SegmentObject(string Name, string Key, int Shard, SegmentLine Line) : NamedObject(Name, Key)
{
    /// <summary>Bytes of a row; 0 until it was read.</summary>
    public int RowBytes { get; set; }
}

/// <summary>A projection, named by the hash of its bytes.</summary>
internal sealed record ProjectionObject(string Name, string Key, string Sha256) : NamedObject(Name, Key)
{
    /// <summary>What goes in and what comes out; null until it was read.</summary>
    public (int In, int Out)? Shape { get; set; }
}

/// <summary>A head, named by the hash of its bytes.</summary>
internal sealed record HeadObject(string Name, string Key, string Sha256) : NamedObject(Name, Key)
{
    /// <summary>Length of a row that it takes; null until it was read.</summary>
    public int? Dimensions { get; set; }

    /// <summary>Classes that it tells apart; 0 until it was read.</summary>
    public int Classes { get; set; }
}

/// <summary>The ONNX file of a head. It is not taken over: what other programs run is made here, from the head.</summary>
internal sealed record OnnxObject(string Name, string Key) : NamedObject(Name, Key);

/// <summary>The manifest of a version.</summary>
internal sealed record ManifestObject(string Name, string Key, DatasetVersion Version) : NamedObject(Name, Key);

/// <summary>
/// What the rows and states of a backup name. What is named by its content keeps its name; all else gets one that no other try and no other
/// dataset has, so that a try which is refused can take back what it stored.
/// </summary>
internal sealed class BackupPlaces(string dataset, Guid token)
{
    private readonly Dictionary<string, NamedObject> _named = new(StringComparer.Ordinal);
    private readonly string _suffix = $"r{token:n}";

    public int Count => _named.Count;

    /// <summary>All, in no order.</summary>
    public IReadOnlyCollection<NamedObject> All => _named.Values;

    /// <summary>The object of a name; null when nothing named it.</summary>
    public NamedObject? Find(string name) => _named.GetValueOrDefault(name);

    /// <summary>Whether an object bears a name that this try alone gives.</summary>
    public bool IsOwn(NamedObject named) => named.Key.Contains(_suffix, StringComparison.Ordinal);

    /// <summary>A row names a segment. False when another row has named it before.</summary>
    public bool TryAdd(int shard, SegmentLine segment) =>
        _named.TryAdd(segment.Object, new SegmentObject(
            segment.Object, ObjectKeys.Segment(new ShardKey(dataset, shard), segment.Kind, segment.Version, segment.First, _suffix), shard,
            segment));

    /// <summary>
    /// Takes up what a sound control state names, heads and projections by their content, and what no state names by its key: the ONNX
    /// files of heads.
    /// </summary>
    /// <returns>The state with the keys of the new dataset.</returns>
    public BackupControl Add(BackupControl control)
    {
        var place = new DatasetPlace(dataset);
        foreach (var version in control.Dataset.Versions)
            _named[version.ManifestKey] =
                new ManifestObject(version.ManifestKey, ObjectKeys.Manifest(dataset, version.Version.Number, _suffix), version.Version);
        var moved = control.WithKeys(name =>
        {
            if (_named.GetValueOrDefault(name) is { } known) return known.Key;
            var sha256 = HashOf(name) ?? throw new InvalidOperationException($"'{name}' is no object of a dataset, and was not found out.");
            _named[name] = ObjectNames.IsProjection(name, out _) ? new ProjectionObject(name, place.Absolute(name), sha256)
                : new HeadObject(name, place.Absolute(name), sha256);
            return _named[name].Key;
        });
        foreach (var key in place.ObjectsOf(moved))
            if (key.EndsWith(Onnx, StringComparison.Ordinal)) _named[place.Relative(key)] = new OnnxObject(place.Relative(key), key);
        return moved;
    }

    /// <summary>The SHA-256 that an object's name promises; null where it promises none.</summary>
    public static string? HashOf(string name) =>
        ObjectNames.IsProjection(name, out var projection) ? projection : ObjectNames.IsHead(name, out var head) ? head : null;

    private const string Onnx = ".onnx";
}
