using Winnow.Abstractions.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Splitting;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Images;

/// <summary>
/// The shard as it is split in two, and the shard that takes over from one. Until the moment of it nothing changes for anybody; then what is to be written waits for a
/// moment, and what is to be read is answered from where it was until the new shards hold it.
/// </summary>
internal sealed partial class ShardGrain : IIncomingGrainCallFilter, IShardSplit
{
    private enum Standing
    {
        /// <summary>It holds its images.</summary>
        Holds,
        /// <summary>It takes in nothing more: others are about to hold them.</summary>
        Sealed,
        /// <summary>It is about to hold them.</summary>
        Coming,
        /// <summary>Others hold them.</summary>
        Gone,
    }

    // Shorter than a call may take, so that whoever waits is told to repeat the call and not left without an answer.
    private static readonly TimeSpan LongestHandover = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan HandoverPoll = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _copying = new(1, 1);
    private Standing _standing;
    private ShardCopier? _copier;
    private Task? _becomesReady;
    private bool _handedOver;
    private int _committing;
    private TaskCompletionSource? _quiet;

    /// <summary>What this shard is in a layout.</summary>
    private Standing StandingIn(ShardLayout layout)
    {
        var handsOver = layout.Split?.Step == ShardSplitStep.Sealed;
        if (layout.Contains(_key.Shard)) return handsOver ? Standing.Sealed : Standing.Holds;
        if (handsOver && layout.Doubled().Contains(_key.Shard)) return Standing.Coming;
        if (layout.Place(_key.Shard, _dataset.Settings.Shards) is not null) return Standing.Gone;
        throw new RefusedException($"Dataset '{_key.Dataset}' has {layout.Count} shards from number {layout.First} on; there is no shard {_key.Shard}.");
    }

    private ShardMovedException Moved() => new($"Shard {_key} was split; others hold its images. Repeat the call.");

    /// <summary>While shards are being exchanged, each call is answered by what the ledger says at that moment about who holds the images.</summary>
    public Task Invoke(IIncomingGrainCallContext context) => _standing == Standing.Holds ? context.Invoke() : InvokeInHandoverAsync(context);

    private async Task InvokeInHandoverAsync(IIncomingGrainCallContext context)
    {
        // Someone who does not know yet. It is no shard any more, and nothing of it was read.
        if (_standing == Standing.Gone)
        {
            Close();
            throw Moved();
        }
        if (context.InterfaceMethod.DeclaringType != typeof(IShardSplit))
        {
            await LookAgainAsync(_closing.Token);
            if (_standing == Standing.Coming) throw new OrleansException($"Shard {_key} does not hold its images yet. Repeat the call.");
        }
        await context.Invoke();
    }

    /// <summary>Whether the handover is over.</summary>
    /// <exception cref="ShardMovedException">It is, and this shard holds nothing any more.</exception>
    private async Task LookAgainAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var dataset = await datasets.AskAsync(_key.Dataset, cancellationToken);
        var layout = dataset.Shards;
        if (_standing == Standing.Sealed && !layout.Contains(_key.Shard))
        {
            Close();
            throw Moved();
        }
        if (_standing != Standing.Coming || !layout.Contains(_key.Shard)) return;
        if (_becomesReady is { } ready) await ready;
        if (_standing != Standing.Coming) return;
        (_dataset, _standing) = (dataset, Standing.Holds);
        StartMachineWork();
    }

    /// <summary>What is to be written waits here, for the moment that a handover takes.</summary>
    private async Task WaitForHandoverAsync(CancellationToken cancellationToken)
    {
        for (var started = time.GetTimestamp(); _standing != Standing.Holds; await Task.Delay(HandoverPoll, time, cancellationToken))
        {
            await LookAgainAsync(cancellationToken);
            if (time.GetElapsedTime(started) > LongestHandover) throw new OrleansException($"Shard {_key} is handing over its images. Repeat the call.");
        }
    }

    public async Task<CopiedRows> CopyAsync(CancellationToken cancellationToken)
    {
        // A word that comes late must not open halves that others hold by now.
        if ((await datasets.AskAsync(_key.Dataset, cancellationToken)).Shards is not { Split.Step: ShardSplitStep.Copying } layout || !layout.Contains(_key.Shard)) throw new OrleansException($"Shard {_key} is not being split.");
        await ColumnsLoadedAsync(cancellationToken);
        return await InCopyTurnAsync(copier => copier.AdvanceAsync(Source(), IsQuarantined, cancellationToken), cancellationToken);
    }

    public async Task SealAsync(CancellationToken cancellationToken)
    {
        if (StandingIn((await datasets.AskAsync(_key.Dataset, cancellationToken)).Shards) != Standing.Sealed) throw new OrleansException($"Shard {_key} is not to be sealed.");
        _standing = Standing.Sealed;
        while (_committing > 0) await (_quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);
        // Whoever opened the shard since would take in what nobody copies; who opens it from now on finds it sealed.
        if (await ledger.CommitAsync(new ShardCommit { Shard = _key, Epoch = _epoch }, CancellationToken.None) != ShardCommitStatus.Committed)
        {
            Close();
            throw new OrleansException($"Shard {_key} was taken over by another activation. Repeat the call.");
        }
        await ColumnsLoadedAsync(cancellationToken);
        await InCopyTurnAsync(async copier =>
        {
            if (!_handedOver) await copier.FinishAsync(Source(), IsQuarantined, cancellationToken);
            return _handedOver = true;
        }, cancellationToken);
    }

    public async Task MakeReadyAsync(CancellationToken cancellationToken)
    {
        await LookAgainAsync(cancellationToken);
        // Its machine work, which maps the columns otherwise, begins when it holds its images.
        if (_standing == Standing.Coming) await (_becomesReady ??= LoadColumnsAsync(_closing.Token)).WaitAsync(cancellationToken);
    }

    public async Task RetireAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LookAgainAsync(cancellationToken);
        }
        catch (ShardMovedException)
        {
        }
    }

    private bool IsQuarantined(int ordinal) => _index.Has(ordinal, ShardIndex.Flags.Quarantined);

    /// <summary>The columns as of now; they do not change any more themselves.</summary>
    private List<SourceColumn> Source()
    {
        var source = new List<SourceColumn>();
        if (_embeddings is { } embeddings) source.Add(new SourceColumn(SegmentKinds.Embedding, _embeddedVersion!, embeddings));
        if (_projected is { } projected) source.Add(new SourceColumn(SegmentKinds.Projection, _projectedVersion!, projected));
        if (_scores is { } scores) source.Add(new SourceColumn(SegmentKinds.Scores, _scoresVersion!, scores));
        return source;
    }

    private async Task<T> InCopyTurnAsync<T>(Func<ShardCopier, Task<T>> work, CancellationToken cancellationToken)
    {
        await _copying.WaitAsync(cancellationToken);
        try
        {
            return await work(_copier ??= await StartCopierAsync(cancellationToken));
        }
        catch
        {
            // How much of the last step is in the halves is not known here: the next one looks.
            _copier = null;
            throw;
        }
        finally
        {
            _copying.Release();
        }
    }

    private async Task<ShardCopier> StartCopierAsync(CancellationToken cancellationToken)
    {
        var copier = new ShardCopier(_key, _dataset.Shards.Doubled(), ledger, new ColumnCopier(objects, options.SegmentRows), time);
        // Between two lots: no image may be on disk that the copier is told of neither here nor by its commit.
        await _intake.WaitAsync(cancellationToken);
        try
        {
            foreach (var image in _index.Ids) copier.Add(image);
            return _copier = copier;
        }
        finally
        {
            _intake.Release();
        }
    }
}
