using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Objects.S3;

/// <summary>
/// Objects in a bucket of any S3 server. A server shows a put when it has all of it and answers when it is durable, so nothing is to be
/// added for that here. Of many content-addressed objects each is one put that leaves what stands: asking first would double the requests
/// of every new image.
/// </summary>
public sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private readonly S3Connection _connection;
    private readonly S3Options _options;
    private readonly TimeProvider _time;
    private readonly ObjectCache _cache;
    // Bounds the bulk puts of all callers together.
    private readonly SemaphoreSlim _puts;

    /// <summary>Opens a store. Nothing is sent before the first call.</summary>
    /// <exception cref="ArgumentException">An option is missing or out of range.</exception>
    /// <exception cref="InvalidOperationException">Another process has the cache folder open.</exception>
    public S3ObjectStore(S3Options options, TimeProvider time) : this(options, time, null) { }

    internal S3ObjectStore(S3Options options, TimeProvider time, DelegatingHandler? around)
    {
        options.Validate();
        (_options, _time) = (options, time);
        _connection = new S3Connection(options, "S3", time, around);
        _puts = new SemaphoreSlim(options.Concurrency);
        _cache = new ObjectCache(options.CacheFolder, options.CacheBytes, time);
    }

    internal S3Connection Connection => _connection;

    internal S3Options Options => _options;

    /// <summary>
    /// Key of an object that says whose bucket this is. A server can be reached under many names, so that only what stands in a bucket
    /// tells whether it is this one.
    /// </summary>
    internal string MarkKey => _options.Prefix + "winnow-objects";

    /// <summary>Bytes of local copies.</summary>
    internal long CachedBytes => _cache.Bytes;

    /// <summary>The object's key in the bucket.</summary>
    /// <exception cref="ArgumentException">The key is not one.</exception>
    internal string NameOf(string key)
    {
        ObjectKeyRules.Check(key);
        if (_options.Prefix.Length + key.Length > ObjectKeyRules.MaxLength)
            throw new ArgumentException(
                $"'{key}' is no object key: behind S3:Prefix it has more than {ObjectKeyRules.MaxLength} characters.", nameof(key));
        return _options.Prefix + key;
    }

    /// <inheritdoc/>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        content.Length > _options.PartBytes * 2
            ? PutAsync(key, (stream, token) => stream.WriteAsync(content, token).AsTask(), cancellationToken)
            : _connection.SendAsync(new S3Request(HttpMethod.Put, _options.Bucket, NameOf(key)) { Body = content }, S3Answers.NoneAsync,
            cancellationToken);

    /// <inheritdoc/>
    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var upload = new S3Upload(_connection, _options.Bucket, NameOf(key), _options.PartBytes);
        try
        {
            await write(upload, cancellationToken).ConfigureAwait(false);
            await upload.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await upload.AbortAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task PutManyIfAbsentAsync(IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects,
        CancellationToken cancellationToken)
    {
        var requests = objects.Select(o =>
            new S3Request(HttpMethod.Put, _options.Bucket, NameOf(o.Key)) { Body = o.Content, IfAbsent = true }).ToArray();
        var refused = new ConcurrentDictionary<string, S3Exception>(StringComparer.Ordinal);
        var taken = 0;
        await Parallel.ForEachAsync(requests.DistinctBy(r => r.Key),
            new ParallelOptions { MaxDegreeOfParallelism = _options.Concurrency, CancellationToken = cancellationToken },
            async (request, token) =>
        {
            await _puts.WaitAsync(token).ConfigureAwait(false);
            try
            {
                await _connection.SendAsync(request, S3Answers.NoneAsync, token).ConfigureAwait(false);
                Interlocked.Increment(ref taken);
            }
            catch (S3Exception problem) when (problem.IsOfOneObject)
            {
                refused[request.Key] = problem;
            }
            finally
            {
                _puts.Release();
            }
        }).ConfigureAwait(false);
        if (refused.IsEmpty) return;
        var first = refused.First().Value;
        // Where none is taken, it is the bucket that refuses, and no object's fault.
        if (taken == 0) ExceptionDispatchInfo.Throw(first);
        throw new ObjectUnwritableException(
            refused.ToDictionary(r => r.Key[_options.Prefix.Length..], r => $"'{r.Key}' cannot be written: {r.Value.Message}"), first);
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken)
    {
        var get = S3Answers.GetAsync(_connection, _options.Bucket, NameOf(key), Array.MaxLength, cancellationToken);
        if (await OrUnreadableAsync(get).ConfigureAwait(false) is not { } found) return null;
        return found.Bytes ?? throw new IOException(
            $"'{key}' has {found.Head.Size} bytes, more than fit into memory at once. Read it as a stream.");
    }

    /// <inheritdoc/>
    public async Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken) =>
        (await OpenAsync(key, cancellationToken).ConfigureAwait(false))?.Body;

    /// <inheritdoc/>
    public async Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken)
    {
        var name = NameOf(key);
        while (true)
        {
            var look = S3Answers.HeadAsync(_connection, _options.Bucket, name, cancellationToken);
            if (await OrUnreadableAsync(look).ConfigureAwait(false) is not { } head) return null;
            if (_cache.Map(name, head.ETag) is { } mapped) return mapped;
            if (await OpenAsync(key, cancellationToken).ConfigureAwait(false) is not { } opened) return null;
            await using (opened.Body.ConfigureAwait(false)) await _cache.AddAsync(name, opened.Head.ETag, opened.Body, cancellationToken)
                .ConfigureAwait(false);
            // Another version may have come meanwhile, or the copy may be evicted already: then it begins anew.
            if (_cache.Map(name, opened.Head.ETag) is { } fresh) return fresh;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) =>
        await S3Answers.HeadAsync(_connection, _options.Bucket, NameOf(key), cancellationToken).ConfigureAwait(false) is not null;

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        _connection.SendAsync(new S3Request(HttpMethod.Delete, _options.Bucket, NameOf(key)), S3Answers.NoneAsync, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<(string Key, long Size)> ListAsync(string prefix,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKeyRules.CheckPrefix(prefix);
        string? after = null;
        S3Page page;
        do
        {
            page = await _connection.ListPageAsync(_options.Bucket, _options.Prefix + prefix, after, cancellationToken)
                .ConfigureAwait(false);
            foreach (var entry in page.Entries) yield return (entry.Key[_options.Prefix.Length..], entry.Size);
            if (page.Entries.Count > 0) after = page.Entries[^1].Key;
        }
        while (page.More);
    }

    /// <summary>Closes the connections and lets another process have the cache folder.</summary>
    public void Dispose()
    {
        _connection.Dispose();
        _cache.Dispose();
        _puts.Dispose();
    }

    private static async Task<T> OrUnreadableAsync<T>(Task<T> read)
    {
        try
        {
            return await read.ConfigureAwait(false);
        }
        catch (S3Exception problem) when (problem.IsOfOneObject)
        {
            throw new ObjectUnreadableException(problem.Message, problem);
        }
    }

    private Task<(S3Head Head, Stream Body)?> OpenAsync(string key, CancellationToken cancellationToken)
    {
        var request = new S3Request(HttpMethod.Get, _options.Bucket, NameOf(key));
        return OpenAsync();

        async Task<(S3Head, Stream)?> OpenAsync()
        {
            var send = _connection.SendAsync(request, static (response, _) => Task.FromResult(response), cancellationToken);
            var response = await OrUnreadableAsync(send).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                response.Dispose();
                return null;
            }
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return (S3Answers.Head(response), new StallGuard(body, response, request.ToString(), _options.Timeout, _time));
        }
    }
}
