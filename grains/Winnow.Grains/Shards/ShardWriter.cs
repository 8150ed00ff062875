using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Shards;

/// <summary>What a shard is in the layout of its dataset.</summary>
internal enum ShardStanding
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

/// <summary>
/// The one way to a shard's rows. What a duty makes durable goes through here, under the epoch that the ledger gave when the shard opened;
/// memory may follow only what came back as committed. A shard that was fenced off, or whose ledger failed, closes: the next activation
/// reads what stands. On the shard's own scheduler alone.
/// </summary>
internal sealed class ShardWriter(
    ShardKey key, KnownDatasets datasets, IShardLedger ledger, TimeProvider time, ILogger logger, Action deactivate)
{
    // Shorter than a call may take, so that whoever waits is told to repeat the call and not left without an answer.
    private static readonly TimeSpan LongestHandover = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan HandoverPoll = TimeSpan.FromMilliseconds(50);


    private readonly CancellationTokenSource _closing = new();
    // Commits that the ledger has and has not answered yet.
    private int _committing;
    // Set while somebody waits for the last of them.
    private TaskCompletionSource? _quiet;

    public ShardKey Key => key;

    /// <summary>The dataset as it was when the shard last had to know.</summary>
    public DatasetInfo Dataset { get; private set; } = null!;

    /// <summary>Is told when the dataset's label schema is another version.</summary>
    public Action? SchemaChanged { get; set; }

    /// <summary>Brings what memory has of images to the schema; harmless where it is there.</summary>
    public Func<CancellationToken, Task> ReadBySchema { get; set; } = _ => Task.CompletedTask;

    /// <summary>Brings the shard to a version of the label schema, or a later one.</summary>
    /// <exception cref="OrleansException">There is none such yet.</exception>
    public async Task FollowSchemaAsync(int version, CancellationToken cancellationToken)
    {
        if (version > Dataset.Schema.Number)
        {
            var now = await datasets.AskAsync(key.Dataset, cancellationToken);
            if (now.Schema.Number < version)
                throw new OrleansException($"Shard {key} finds no version {version} of the label schema. Repeat the call.");
            if (now.Schema.Number > Dataset.Schema.Number)
            {
                Dataset = Dataset with { Schema = now.Schema };
                SchemaChanged?.Invoke();
            }
        }
        await ReadBySchema(cancellationToken);
    }

    public ShardStanding Standing { get; private set; }

    /// <summary>Whether it commits nothing any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Cancelled when the shard closes.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Is told of each commit as soon as it is durable, in their order; null: nobody is.</summary>
    public Action<ShardCommit>? Follower { get; set; }

    /// <summary>What has to end before a shard that is coming may hold its images; null: nothing.</summary>
    public Task? Preparation { get; set; }

    /// <summary>The shard, which was coming, holds its images from now on.</summary>
    public Action? TookOver { get; set; }

    /// <summary>Asks what the shard is by now. Nothing is read or written of one that is gone.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        Dataset = await datasets.AskAsync(key.Dataset, cancellationToken);
        Standing = StandingIn(Dataset.Shards);
    }

    /// <summary>Becomes the writer: whoever was before is fenced off. How many images there are; null where others hold them.</summary>
    public async Task<int?> OpenAsync(CancellationToken cancellationToken)
    {
        var opened = await ledger.OpenShardAsync(key, cancellationToken);
        Epoch = opened.Epoch;
        // Once more: who opens a shard after it was sealed must know that.
        await LookAsync(cancellationToken);
        return Standing == ShardStanding.Gone ? null : opened.Images;
    }

    /// <summary>From the ledger: no other writer of the shard has it.</summary>
    public long Epoch { get; private set; }

    /// <summary>A commit of this writer, with nothing in it yet.</summary>
    public ShardCommit New() => new() { Shard = key, Epoch = Epoch };

    /// <summary>Makes a step durable. Memory may follow only when this returns.</summary>
    /// <exception cref="OrleansException">It is not, and the shard closes.</exception>
    public async Task CommitAsync(ShardCommit commit, CancellationToken cancellationToken)
    {
        if (await TryCommitAsync(commit, cancellationToken) == ShardCommitStatus.Conflict) throw Changed();
    }

    /// <summary>Makes a step durable, or says what of it the ledger knew already or did not find as it should be.</summary>
    /// <exception cref="OrleansException">Another writes now, or the ledger failed; the shard closes.</exception>
    public async Task<ShardCommitStatus> TryCommitAsync(ShardCommit commit, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        if (Standing != ShardStanding.Holds) await WaitForHandoverAsync(cancellationToken);
        ShardCommitStatus status;
        var started = Stopwatch.GetTimestamp();
        _committing++;
        try
        {
            // Once handed over, the outcome is the disk's to decide: a caller that gives up must not leave memory behind the ledger.
            cancellationToken.ThrowIfCancellationRequested();
            status = await ledger.CommitAsync(commit, CancellationToken.None);
            if (status == ShardCommitStatus.Committed) Follower?.Invoke(commit);
            CommitTook(started, status.ToString());
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            CommitTook(started, "Failed");
            logger.CommitFailed(e, key.ToString());
            Close();
            throw new OrleansException(
                $"Shard {key} could not write to the ledger: {e.Message} Nothing was acknowledged; repeat the call.", e);
        }
        finally
        {
            if (--_committing == 0) _quiet?.TrySetResult();
        }
        if (status == ShardCommitStatus.LevelTooLow) throw new RefusedException(KnownLevel.TooLow);
        if (status == ShardCommitStatus.SiloTooOld)
        {
            Close();
            throw new OrleansException($"Shard {key} is on a silo that is older than its cluster, and closes there. Repeat the call.");
        }
        if (status != ShardCommitStatus.Fenced) return status;
        logger.ShardFenced(key.ToString());
        throw TakenOver();
    }

    /// <summary>Commits past the handover and past whoever follows: what is written is of no concern to either.</summary>
    /// <exception cref="OrleansException">Another writes now.</exception>
    public async Task CommitApartAsync(ShardCommit commit)
    {
        if (await ledger.CommitAsync(commit, CancellationToken.None) != ShardCommitStatus.Committed) throw TakenOver();
    }

    /// <summary>Takes in nothing more from now on, and returns when nothing is on its way any more.</summary>
    /// <exception cref="OrleansException">The layout does not say so, or another writes now.</exception>
    public async Task SealAsync(CancellationToken cancellationToken)
    {
        if (StandingIn((await datasets.AskAsync(key.Dataset, cancellationToken)).Shards) != ShardStanding.Sealed)
            throw new OrleansException($"Shard {key} is not to be sealed.");
        Standing = ShardStanding.Sealed;
        while (_committing > 0)
        {
            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await _quiet.Task.WaitAsync(cancellationToken);
        }
        // Whoever opened the shard since would take in what nobody copies; who opens it from now on finds it sealed.
        await CommitApartAsync(New());
    }

    /// <summary>Whether the handover is over.</summary>
    /// <exception cref="ShardMovedException">It is, and this shard holds nothing any more.</exception>
    public async Task LookAgainAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var dataset = await datasets.AskAsync(key.Dataset, cancellationToken);
        var layout = dataset.Shards;
        if (Standing == ShardStanding.Sealed && !layout.Contains(key.Shard)) throw Moved();
        if (Standing != ShardStanding.Coming || !layout.Contains(key.Shard)) return;
        if (Preparation is { } preparation) await preparation;
        if (Standing != ShardStanding.Coming) return;
        (Dataset, Standing) = (dataset, ShardStanding.Holds);
        SchemaChanged?.Invoke();
        await ReadBySchema(cancellationToken);
        TookOver?.Invoke();
    }

    public void ThrowIfClosed()
    {
        if (IsClosed) throw new OrleansException($"Shard {key} is closing. Repeat the call.");
    }

    /// <summary>Ends the activation: the next one reads what stands.</summary>
    public void Close()
    {
        Stop();
        deactivate();
    }

    /// <summary>Commits nothing any more, and tells all who wait.</summary>
    public void Stop()
    {
        IsClosed = true;
        _closing.Cancel();
    }

    /// <summary>Closes; the rows are not what memory says.</summary>
    public OrleansException Changed()
    {
        Close();
        return new OrleansException($"Shard {key} found its rows changed by another writer and reads them again. Repeat the call.");
    }

    /// <summary>Closes; another activation writes.</summary>
    public OrleansException TakenOver()
    {
        Close();
        return new OrleansException($"Shard {key} was taken over by another activation. Repeat the call.");
    }

    /// <summary>Closes; other shards hold the images.</summary>
    public ShardMovedException Moved()
    {
        Close();
        return new ShardMovedException($"Shard {key} was split; others hold its images. Repeat the call.");
    }

    /// <summary>What is to be written waits here, for the moment that a handover takes.</summary>
    private async Task WaitForHandoverAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (; Standing != ShardStanding.Holds; await Task.Delay(HandoverPoll, time, cancellationToken))
        {
            await LookAgainAsync(cancellationToken);
            if (time.GetElapsedTime(started) > LongestHandover)
                throw new OrleansException($"Shard {key} is handing over its images. Repeat the call.");
        }
    }

    private ShardStanding StandingIn(ShardLayout layout)
    {
        var handsOver = layout.Split?.Step == ShardSplitStep.Sealed;
        if (layout.Contains(key.Shard)) return handsOver ? ShardStanding.Sealed : ShardStanding.Holds;
        if (handsOver && layout.Doubled().Contains(key.Shard)) return ShardStanding.Coming;
        if (layout.Place(key.Shard, Dataset.Settings.Shards) is not null) return ShardStanding.Gone;
        throw new RefusedException(
            $"Dataset '{key.Dataset}' has {layout.Count} shards from number {layout.First} on; there is no shard {key.Shard}.");
    }

    private static void CommitTook(long started, string status) =>
        WinnowTelemetry.LedgerCommitDuration.Record(
            Stopwatch.GetElapsedTime(started).TotalSeconds, new TagList { { "status", status } });
}
