namespace Winnow.Adapters.Datasets.Backup;

/// <summary>What a backup has counted.</summary>
internal sealed class BackupTally
{
    private const int MostSamples = 20;

    private readonly List<string> _samples = [];

    public long Images { get; set; }
    public long History { get; set; }
    public long Objects { get; private set; }
    public long Bytes { get; private set; }
    public long Missing { get; private set; }
    public IReadOnlyList<string> Samples => _samples;

    public void Stored(long bytes)
    {
        Objects++;
        Bytes += bytes;
    }

    /// <summary>An object that rows name and that cannot be kept.</summary>
    public void Lost(string what)
    {
        Missing++;
        if (_samples.Count < MostSamples) _samples.Add(what);
    }
}
