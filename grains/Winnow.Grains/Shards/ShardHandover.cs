using Winnow.Abstractions.Datasets;
using Winnow.Grains.Images;
using Winnow.Grains.Layout;
using Winnow.Grains.Ports;
using Winnow.Grains.Settings;
using Winnow.Grains.Splitting;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Shards;

/// <summary>
/// The shard as it is split in two, and the shard that takes over from one. Until the moment of it nothing changes for anybody; then what
/// is
/// to be written waits for a moment, and what is to be read is answered from where it was until the new shards hold it. A copier, where
/// there is one, was told of every image and of every commit since it was made.
/// </summary>
internal sealed class ShardHandover(
    ShardWriter writer, ShardIndex index, ShardIntake intake, ShardColumns columns, ShardSpaces spaces, KnownDatasets datasets,
    IShardLedger ledger,
    IObjectStore objects, ShardOptions options, TimeProvider time)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private ShardCopier? _copier;
    private bool _handedOver;

    /// <summary>Whether the shard is being copied: it stays where it is, as a copy would begin anew.</summary>
    public bool IsCopying => _copier is not null;

    public async Task<CopiedRows> CopyAsync(CancellationToken cancellationToken)
    {
        // A word that comes late must not open halves that others hold by now.
        var layout = (await datasets.AskAsync(writer.Key.Dataset, cancellationToken)).Shards;
        if (layout is not { Split.Step: ShardSplitStep.Copying } || !layout.Contains(writer.Key.Shard))
            throw new OrleansException($"Shard {writer.Key} is not being split.");
        return await InTurnAsync(copier => copier.AdvanceAsync(Source(), IsQuarantined, cancellationToken), cancellationToken);
    }

    public async Task SealAsync(CancellationToken cancellationToken)
    {
        await writer.SealAsync(cancellationToken);
        await InTurnAsync(async copier =>
        {
            if (!_handedOver) await copier.FinishAsync(Source(), IsQuarantined, cancellationToken);
            return _handedOver = true;
        }, cancellationToken);
    }

    public async Task MakeReadyAsync(CancellationToken cancellationToken)
    {
        await writer.LookAgainAsync(cancellationToken);
        // Its machine work, which maps the columns otherwise, begins when it holds its images.
        if (writer.Standing != ShardStanding.Coming) return;
        writer.Preparation ??= columns.LoadServingAsync(() => spaces.AskServingAsync(writer.Closing), writer.Closing);
        await writer.Preparation.WaitAsync(cancellationToken);
    }

    public async Task RetireAsync(CancellationToken cancellationToken)
    {
        try
        {
            await writer.LookAgainAsync(cancellationToken);
        }
        catch (ShardMovedException)
        {
        }
    }

    private bool IsQuarantined(int ordinal) => index.Has(ordinal, ShardIndex.Flags.Quarantined);

    /// <summary>The columns as of now; they do not change any more themselves.</summary>
    private List<SourceColumn> Source() => [.. columns.All.Select(c => new SourceColumn(c.Kind, c.Version, c.Rows))];

    private async Task<T> InTurnAsync<T>(Func<ShardCopier, Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await work(_copier ?? await StartAsync(cancellationToken));
        }
        catch
        {
            // How much of the last step is in the halves is not known here: the next one looks.
            Follow(null);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    // Between two lots: no image may be on disk that the copier is told of neither here nor by its commit.
    private Task<ShardCopier> StartAsync(CancellationToken cancellationToken) => intake.InTurnAsync(() =>
    {
        var columnCopier = new ColumnCopier(objects, options.SegmentRows);
        var copier = new ShardCopier(writer.Key, writer.Dataset.Shards.Doubled(), ledger, columnCopier, time);
        foreach (var image in index.Ids) copier.Add(image);
        Follow(copier);
        return Task.FromResult(copier);
    }, cancellationToken);

    private void Follow(ShardCopier? copier)
    {
        _copier = copier;
        writer.Follower = copier is null ? null : copier.Committed;
    }
}
