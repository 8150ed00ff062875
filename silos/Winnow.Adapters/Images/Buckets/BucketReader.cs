using System.Collections.Concurrent;
using System.Net;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Objects.S3;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Images.Buckets;

/// <summary>A further server to read images from.</summary>
public sealed class BucketServerOptions : S3EndpointOptions
{
    /// <summary>Buckets that sources may name; empty for every one that the keys may read. Default empty.</summary>
    public List<string> Buckets { get; set; } = [];
}

/// <summary>
/// Reads buckets on the servers that the operator configured, by name. A caller of the API names a server and never gives an address, so it
/// cannot make this process ask any other. The bucket that holds the cluster's own objects is nobody's source, whatever name it is given:
/// it is known by the mark in it.
/// </summary>
internal sealed class BucketReader : IBucketReader, IDisposable
{
    /// <summary>
    /// How long a bucket that bore no mark is not looked at again: one request in a minute is nothing beside those of its images.
    /// </summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    /// <summary>Bucket names are callers' words: so many are remembered.</summary>
    private const int MostKnown = 1_000;

    private readonly Dictionary<string, (S3Connection Connection, BucketServerOptions Options)> _servers = new(StringComparer.Ordinal);
    private readonly S3ObjectStore? _own;
    private readonly TimeProvider _time;
    // Buckets that bore no mark, and when that was seen.
    private readonly ConcurrentDictionary<(string? Server, string Bucket), long> _others = new();

    /// <exception cref="ArgumentException">An option is missing or out of range; the message names it.</exception>
    public BucketReader(IReadOnlyDictionary<string, BucketServerOptions> servers, S3ObjectStore? own, TimeProvider time,
        Func<DelegatingHandler>? around = null)
    {
        (_own, _time) = (own, time);
        foreach (var (name, options) in servers)
            _servers[name] = (new S3Connection(options, $"Buckets:{name}", time, around?.Invoke()), options);
    }

    public string? Refuse(BucketPlace place)
    {
        if (!BucketNames.IsValid(place.Bucket)) return $"'{place.Bucket}' is not a bucket's name. {BucketNames.Rule}";
        if (place.Server is null)
        {
            if (_own is null) return $"This cluster keeps its objects in files, so a source must name a server. {Known()}";
            return place.Bucket == _own.Options.Bucket ? Reserved(place.Bucket) : null;
        }
        if (!_servers.TryGetValue(place.Server, out var server)) return $"There is no server '{place.Server}'. {Known()}";
        if (_own is not null && server.Connection.Name == _own.Connection.Name && place.Bucket == _own.Options.Bucket)
            return Reserved(place.Bucket);
        return server.Options.Buckets.Count > 0 && !server.Options.Buckets.Contains(place.Bucket)
            ? $"Bucket '{place.Bucket}' of '{place.Server}' may not be read: Buckets:{place.Server}:Buckets does not name it." : null;
    }

    public string HostOf(BucketPlace place) => ConnectionOf(place).Name;

    public async Task<BucketPage> ListAsync(BucketPlace place, string? after, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(place, cancellationToken).ConfigureAwait(false);
        var page = await connection.ListPageAsync(place.Bucket, place.Prefix, after, cancellationToken).ConfigureAwait(false);
        return new BucketPage([.. page.Entries.Select(e => new BucketEntry(e.Key, e.ETag, e.Size))], page.More);
    }

    public async Task<BucketEntry?> FindAsync(BucketPlace place, string key, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(place, cancellationToken).ConfigureAwait(false);
        var head = S3Answers.HeadAsync(connection, place.Bucket, Checked(place, key), cancellationToken);
        return await OrRefusedAsync(head).ConfigureAwait(false) is { } found ? new BucketEntry(key, found.ETag, found.Size) : null;
    }

    public async Task<(BucketEntry Entry, ReadOnlyMemory<byte>? Bytes)?> ReadAsync(
        BucketPlace place, string key, long most, LotSpaceSet room, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(place, cancellationToken).ConfigureAwait(false);
        var get = S3Answers.ReadAsync(connection, new S3Request(HttpMethod.Get, place.Bucket, Checked(place, key)), most, room,
            cancellationToken);
        return await OrRefusedAsync(get).ConfigureAwait(false) is { } found
            ? (new BucketEntry(key, found.Head.ETag, found.Head.Size), found.Bytes) : null;
    }

    /// <summary>
    /// A refusal of one object, told as such: what is archived can be restored, what has rights of its own can be opened.
    /// </summary>
    private static async Task<T> OrRefusedAsync<T>(Task<T> read)
    {
        try
        {
            return await read.ConfigureAwait(false);
        }
        catch (S3Exception e) when (e.IsOfOneObject)
        {
            var advice = e.Code == "InvalidObjectState" ? " It is archived: restore it in the bucket, then it is taken in." : "";
            throw new ObjectUnreadableException(e.Message + advice, e);
        }
    }

    public void Dispose()
    {
        foreach (var (connection, _) in _servers.Values) connection.Dispose();
    }

    private S3Connection ConnectionOf(BucketPlace place)
    {
        // A source may be older than the configuration.
        if (Refuse(place) is { } wrong) throw new IOException(wrong);
        return place.Server is null ? _own!.Connection : _servers[place.Server].Connection;
    }

    /// <exception cref="IOException">The place may not be read, or its server cannot be asked.</exception>
    private async Task<S3Connection> OpenAsync(BucketPlace place, CancellationToken cancellationToken)
    {
        var connection = ConnectionOf(place);
        var bucket = (place.Server, place.Bucket);
        if (_own is null || _others.TryGetValue(bucket, out var seen) && _time.GetElapsedTime(seen) < LookAgain) return connection;
        if (await HasMarkAsync(connection, place.Bucket, cancellationToken).ConfigureAwait(false))
            throw new IOException(Reserved(place.Bucket));
        if (_others.Count >= MostKnown) _others.Clear();
        _others[bucket] = _time.GetTimestamp();
        return connection;
    }

    private async Task<bool> HasMarkAsync(S3Connection connection, string bucket, CancellationToken cancellationToken)
    {
        try
        {
            return await S3Answers.HeadAsync(connection, bucket, _own!.MarkKey, cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (S3Exception e) when (e.Status == HttpStatusCode.Forbidden)
        {
            // Keys that may list nothing are refused what is not there. Those of whoever may read our objects may read the mark.
            return false;
        }
    }

    private static string Checked(BucketPlace place, string key) =>
        key.StartsWith(place.Prefix, StringComparison.Ordinal) && key.Length is > 0 and <= 1024
        ? key : throw new IOException($"Key '{key}' is not below '{place.Prefix}'.");

    private string Known() => _servers.Count == 0 ? "None is configured: set Buckets:NAME:Endpoint."
        : $"Configured are: {string.Join(", ", _servers.Keys.Order(StringComparer.Ordinal))}.";

    private static string Reserved(string bucket) =>
        $"Bucket '{bucket}' holds the cluster's own objects and cannot be a source. Put images into a bucket of their own.";
}
