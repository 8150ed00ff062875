namespace Winnow.Grains.Images;

/// <summary>The shard begins anew.</summary>
internal sealed partial class ShardGrain
{
    public Task ReopenAsync(CancellationToken cancellationToken)
    {
        Close();
        return Task.CompletedTask;
    }
}
