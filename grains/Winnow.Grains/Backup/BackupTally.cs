using Winnow.Model.Datasets;

namespace Winnow.Grains.Backup;

/// <summary>What a backup has counted.</summary>
internal sealed class BackupTally
{
    private readonly List<MissingObject> _missing = [];

    public long Images { get; set; }
    public long History { get; set; }
    public long Objects { get; private set; }
    public long Bytes { get; private set; }
    public long Missing { get; private set; }

    /// <summary>The first of the missing.</summary>
    public IReadOnlyList<MissingObject> Named => _missing;

    /// <summary>The first of these in the form that earlier releases read.</summary>
    public IReadOnlyList<string> Samples => [.. _missing.Take(BackupEnd.MostSamples).Select(m => m.ToString())];

    public void Stored(long bytes)
    {
        Objects++;
        Bytes += bytes;
    }

    /// <summary>An object that rows name and that cannot be kept.</summary>
    public void Lost(string name, string reason)
    {
        Missing++;
        if (_missing.Count < BackupEnd.MostNamed) _missing.Add(MissingObject.Of(name, reason));
    }
}
