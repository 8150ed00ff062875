using Winnow.Grains.Ports;

namespace Winnow.Grains.Backup;

/// <summary>
/// Where a dataset's objects stand. In a backup they are named without it, so that a dataset can come back under another name.
/// </summary>
internal readonly record struct DatasetPlace(string Dataset)
{
    public string Folder => $"datasets/{Dataset}/";

    /// <summary>A key without the dataset.</summary>
    /// <exception cref="InvalidDataException">It is one of another dataset.</exception>
    public string Relative(string key) =>
        key.StartsWith(Folder, StringComparison.Ordinal) ? key[Folder.Length..]
        : throw new InvalidDataException($"Dataset '{Dataset}' refers to the object '{key}', which is not its own.");

    public string Absolute(string relative) => Folder + relative;

    /// <summary>Every object that the control state speaks of, by key.</summary>
    public IEnumerable<string> ObjectsOf(BackupControl control)
    {
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        void Add(string? key)
        {
            if (key is not null) keys.Add(key);
        }

        Add(control.Dataset.Learning.ProjectionKey);
        Add(control.Dataset.Learning.HeadKey);
        foreach (var backbone in control.Dataset.Backbones.All)
        {
            Add(backbone.ProjectionKey);
            Add(backbone.HeadKey);
        }
        for (var i = 0; i < control.Dataset.Rounds.Count; i++)
        {
            var (entry, state) = (control.Dataset.Rounds[i], control.Rounds[i]);
            Add(entry.HeadKey);
            Add(state?.HeadKey);
            Add(state?.ProjectionKey);
            if ((entry.Model ?? state?.Model) is { } model) Add(ObjectKeys.HeadOnnx(Dataset, model.Arm, model.Round, model.HeadSha256));
        }
        foreach (var version in control.Dataset.Versions) Add(version.ManifestKey);
        return keys;
    }
}
