using Winnow.Grains.Ports;

namespace Winnow.Adapters.Objects.S3;

/// <summary>Whether the bucket answers. It asks once and waits a short while: a health page has no time for more.</summary>
internal sealed class S3Health(S3ObjectStore store, TimeProvider time) : IStorageHealth
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public string Name => "objects";

    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var found = await store.Connection.SendAsync(
                new S3Request(HttpMethod.Get, store.Options.Bucket) { Query = [("list-type", "2"), ("max-keys", "1")], Retry = false },
                S3Answers.NoneAsync, both.Token).ConfigureAwait(false);
            return found ? null : $"The bucket '{store.Options.Bucket}' on {store.Connection.Name} is not there.";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The S3 server {store.Connection.Name} did not answer within {Patience.TotalSeconds:0} s.";
        }
        catch (S3Exception e)
        {
            return e.Message;
        }
    }
}
