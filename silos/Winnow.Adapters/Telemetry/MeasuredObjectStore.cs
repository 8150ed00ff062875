using System.Buffers;
using System.Diagnostics;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Telemetry;

/// <summary>
/// Times every request to the store behind it, whichever that is. Listings are left out: how long one takes is up to its reader.
/// </summary>
internal sealed class MeasuredObjectStore(IObjectStore store) : IObjectStore, IDisposable, IAsyncDisposable
{
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        MeasureAsync("put", store.PutAsync(key, content, cancellationToken));

    public Task PutManyIfAbsentAsync(IReadOnlyList<(string Key, ReadOnlyMemory<byte> Content)> objects,
        CancellationToken cancellationToken) =>
        MeasureAsync("put-many", store.PutManyIfAbsentAsync(objects, cancellationToken));

    public Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        MeasureAsync("put", store.PutAsync(key, write, cancellationToken));

    public Task<ReadOnlyMemory<byte>?> GetAsync(string key, CancellationToken cancellationToken) =>
        MeasureAsync("get", store.GetAsync(key, cancellationToken));

    public Task<Stream?> OpenReadAsync(string key, CancellationToken cancellationToken) =>
        MeasureAsync("open", store.OpenReadAsync(key, cancellationToken));

    public Task<IMemoryOwner<byte>?> MapAsync(string key, CancellationToken cancellationToken) =>
        MeasureAsync("map", store.MapAsync(key, cancellationToken));

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) =>
        MeasureAsync("exists", store.ExistsAsync(key, cancellationToken));

    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        MeasureAsync("delete", store.DeleteAsync(key, cancellationToken));

    public IAsyncEnumerable<(string Key, long Size)> ListAsync(string prefix, CancellationToken cancellationToken) =>
        store.ListAsync(prefix, cancellationToken);

    public void Dispose() => (store as IDisposable)?.Dispose();

    public ValueTask DisposeAsync()
    {
        if (store is IAsyncDisposable closing) return closing.DisposeAsync();
        Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<T> MeasureAsync<T>(string step, Task<T> request)
    {
        var started = Stopwatch.GetTimestamp();
        var status = "failed";
        try
        {
            var answer = await request.ConfigureAwait(false);
            status = "ok";
            return answer;
        }
        finally
        {
            Record(started, step, status);
        }
    }

    private static async Task MeasureAsync(string step, Task request)
    {
        var started = Stopwatch.GetTimestamp();
        var status = "failed";
        try
        {
            await request.ConfigureAwait(false);
            status = "ok";
        }
        finally
        {
            Record(started, step, status);
        }
    }

    private static void Record(long started, string step, string status) =>
        WinnowTelemetry.ObjectRequestDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds,
        new TagList { { "step", step }, { "status", status } });
}
