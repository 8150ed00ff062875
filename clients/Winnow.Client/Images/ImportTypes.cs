using Winnow.Model.Images;

namespace Winnow.Client;

/// <summary>One image to import. Its bytes are read when its lot is sent.</summary>
/// <param name="Name">The name it is to have, such as its path within a folder.</param>
/// <param name="Read">Gives its bytes. Whatever it throws is the reason why this image is left out; the import goes on with the
/// next.</param>
/// <param name="Label">A class that is known for it, or null.</param>
/// <param name="Partition">What it is for.</param>
public sealed record ImageToImport(
    string Name, Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>>> Read, string? Label = null, Partition Partition = Partition.Pool)
{
    /// <summary>
    /// How many bytes there are, where that is known beforehand: one that is too large for the server is then not even read.
    /// </summary>
    public long? Size { get; init; }
}

/// <summary>How an import goes about its work.</summary>
public sealed record ImportOptions
{
    /// <summary>Images per request. 1 to 1,000. Default 500.</summary>
    public int LotSize { get; init; } = 500;

    /// <summary>Bytes per request after which it is sent, full or not. 64 KiB to 256 MiB. Default 32 MiB.</summary>
    public long LotBytes { get; init; } = 32L << 20;

    /// <summary>Requests on their way at once. 1 to 64. Default 4.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>
    /// Whether bytes go straight to the server's object store, which takes them from the server. Only where that is S3. Default false.
    /// </summary>
    public bool ViaPresignedUrls { get; init; }

    /// <summary>Most that <see cref="Concurrency"/> may be.</summary>
    internal const int MostAtOnce = 64;

    internal string? Check()
    {
        if (LotSize is < 1 or > 1000) return $"LotSize must be 1 to 1000, not {LotSize}.";
        if (LotBytes is < 65536 or > 256L << 20) return $"LotBytes must be 65536 to {256L << 20}, not {LotBytes}.";
        if (Concurrency is < 1 or > MostAtOnce) return $"Concurrency must be 1 to {MostAtOnce}, not {Concurrency}.";
        return null;
    }
}

/// <summary>How far an import has come.</summary>
/// <param name="Sent">Images that are in the dataset by the server's answer.</param>
/// <param name="Bytes">Bytes that were sent.</param>
/// <param name="Accepted">New ones.</param>
/// <param name="Duplicates">Those that were there already.</param>
/// <param name="Quarantined">Those that are kept and cannot be used.</param>
public sealed record ImportProgress(long Sent, long Bytes, long Accepted, long Duplicates, long Quarantined)
{
    /// <summary>Those that are not in the dataset: they could not be read, are too large, or were refused.</summary>
    public long LeftOut { get; init; }

    /// <summary>Those that were there already in the other partition, and stay there.</summary>
    public long InOtherPartition { get; init; }

    /// <summary>Those that do not bear the label that they were sent with.</summary>
    public long LabelsNotTaken { get; init; }

    internal ImportProgress With(IReadOnlyList<IngestResult> results, long bytes)
    {
        long Count(Func<IngestResult, bool> which) => results.Count(which);
        return new ImportProgress(
            Sent + Count(r => r.Status != IngestStatus.LeftOut),
            Bytes + bytes,
            Accepted + Count(r => r.Status == IngestStatus.Accepted),
            Duplicates + Count(r => r.Status == IngestStatus.Duplicate),
            Quarantined + Count(r => r.Status == IngestStatus.Quarantined))
        {
            LeftOut = LeftOut + Count(r => r.Status == IngestStatus.LeftOut),
            InOtherPartition = InOtherPartition + Count(r => r.StandsIn is not null),
            LabelsNotTaken = LabelsNotTaken + Count(r => r.LabelNotTaken is not null),
        };
    }
}
