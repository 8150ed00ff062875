using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Minio.DataModel.Args;

namespace Winnow.Adapters.Objects.S3;

/// <summary>
/// Sees to the bucket before a silo works: waits for a server that is still starting, and ends the start where only a person can help.
/// </summary>
internal sealed partial class OpenBucketAtStart(S3ObjectStore store, TimeProvider time, ILogger<OpenBucketAtStart> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly byte[] Mark = "This bucket holds the objects of a Winnow cluster."u8.ToArray();

    /// <exception cref="InvalidOperationException">The bucket cannot be used; the message says why and what to do.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await CheckAsync(cancellationToken).ConfigureAwait(false);
                await MarkAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (S3Exception e) when (e.IsLasting || time.GetElapsedTime(started) >= store.Options.StartTimeout)
            {
                throw new InvalidOperationException(e.Message, e);
            }
            catch (S3Exception e)
            {
                Waiting(logger, e.Message);
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var options = store.Options;
        try
        {
            await store.Connection.SendAsync(
                new S3Request(HttpMethod.Get, options.Bucket) { Query = [("list-type", "2"), ("max-keys", "1")], Retry = false },
                S3Answers.NoneAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (S3Exception e) when (e.Code == "NoSuchBucket")
        {
            if (!options.CreateBucket)
                throw new S3Exception(
                    $"There is no bucket '{options.Bucket}' on {store.Connection.Name}. Make it, set S3:Bucket, or let Winnow make it "
                    + $"with S3:CreateBucket.", System.Net.HttpStatusCode.NotFound, e.Code);
            await store.Connection.CallAsync($"the making of bucket {options.Bucket}", async (client, token) =>
            {
                await client.MakeBucketAsync(new MakeBucketArgs().WithBucket(options.Bucket).WithLocation(options.Region), token)
                    .ConfigureAwait(false);
                return true;
            }, cancellationToken).ConfigureAwait(false);
            Made(logger, options.Bucket, store.Connection.Name);
        }
    }

    /// <summary>Marks the bucket as a cluster's own before anything lies in it, so that it is nobody's source.</summary>
    private async Task MarkAsync(CancellationToken cancellationToken)
    {
        var (bucket, key) = (store.Options.Bucket, store.MarkKey);
        if (await S3Answers.HeadAsync(store.Connection, bucket, key, cancellationToken).ConfigureAwait(false) is not null) return;
        var mark = new S3Request(HttpMethod.Put, bucket, key) { Body = Mark, Retry = false };
        await store.Connection.SendAsync(mark, S3Answers.NoneAsync, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(300, LogLevel.Warning, "The start waits for the object store. {Problem}")]
    private static partial void Waiting(ILogger logger, string problem);

    [LoggerMessage(301, LogLevel.Information, "Bucket {Bucket} made on {Server}")]
    private static partial void Made(ILogger logger, string bucket, string server);
}
