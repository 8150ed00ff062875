using Winnow.Model.Images;

namespace Winnow.Client;

/// <summary>One image to import. Its bytes are read when its lot is sent.</summary>
/// <param name="Name">The name it is to have, such as its path within a folder.</param>
/// <param name="Read">Gives its bytes.</param>
/// <param name="Label">A class that is known for it, or null.</param>
/// <param name="Partition">What it is for.</param>
public sealed record ImageToImport(string Name, Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>>> Read, string? Label = null, Partition Partition = Partition.Pool);

/// <summary>How an import goes about its work.</summary>
public sealed record ImportOptions
{
    /// <summary>Images per request. 1 to 1,000. Default 500.</summary>
    public int LotSize { get; init; } = 500;

    /// <summary>Bytes per request after which it is sent, full or not. 64 KiB to 256 MiB. Default 32 MiB.</summary>
    public long LotBytes { get; init; } = 32L << 20;

    /// <summary>Requests on their way at once. 1 to 64. Default 4.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Whether bytes go straight to the server's object store, which takes them from the server. Only where that is S3. Default false.</summary>
    public bool ViaPresignedUrls { get; init; }

    internal string? Check()
    {
        if (LotSize is < 1 or > 1000) return $"LotSize must be 1 to 1000, not {LotSize}.";
        if (LotBytes is < 65536 or > 256L << 20) return $"LotBytes must be 65536 to {256L << 20}, not {LotBytes}.";
        if (Concurrency is < 1 or > 64) return $"Concurrency must be 1 to 64, not {Concurrency}.";
        return null;
    }
}

/// <summary>How far an import has come.</summary>
/// <param name="Sent">Images answered for.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Accepted">New ones.</param>
/// <param name="Duplicates">Those that were there already.</param>
/// <param name="Quarantined">Those that cannot be used.</param>
public sealed record ImportProgress(long Sent, long Bytes, long Accepted, long Duplicates, long Quarantined);
