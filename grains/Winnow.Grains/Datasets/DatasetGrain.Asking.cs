using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Grains.Telemetry;
using Winnow.Grains.Work;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Grains.Datasets;

/// <summary>
/// Asks again about images whose labels count as nothing that is known under the newest label schema: a page of a shard at a time, some at
/// once. An image that is asked about bears no such label any more, so it may begin anew after any crash; all that is remembered is through
/// which version it is done.
/// </summary>
internal sealed partial class DatasetGrain
{
    private const int AskedAtOnce = 16;
    private static readonly (TimeSpan, TimeSpan) AskingPauses = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    private Task _askingForSchema = Task.CompletedTask;
    private (int Through, long Looked, long Asked, long Images) _asked;
    private string? _askingStalled;

    /// <summary>What is under way; null where nothing is.</summary>
    private SchemaAsking? Asking => !MustAsk ? null
        : new SchemaAsking(_dataset.Schema.Number, _asked.Looked, _asked.Asked, _asked.Images, _askingStalled);

    /// <summary>Whether a version that is not done wants images asked about again.</summary>
    private bool MustAsk =>
        _dataset.Schema.Classes.Any(c => c.Retired is { Ask: true } retired && retired.Since > state.State.AskedThrough);

    /// <summary>Goes on with it; nothing where nothing is to be asked.</summary>
    private void AskForSchema()
    {
        if (!MustAsk || !_askingForSchema.IsCompleted) return;
        _askingForSchema = KeepAskingAsync();
    }

    private async Task KeepAskingAsync()
    {
        await Task.Yield();
        DelayDeactivation(TimeSpan.FromDays(365));
        await RetryLoop.RunAsync(AskForSchemaAsync, (reason, pause) =>
        {
            _askingStalled = FailureText.Told(reason);
            logger.SchemaAskingStalls(reason, _dataset.Name, pause);
        }, AskingPauses, time, _ends.Token);
        if (!_ends.IsCancellationRequested) DelayDeactivation(TimeSpan.Zero);
    }

    /// <summary>Looks at all images once; false when all is done, through the newest version.</summary>
    private async Task<bool> AskForSchemaAsync(CancellationToken cancellationToken)
    {
        if (!MustAsk) return false;
        var through = _dataset.Schema.Number;
        // From now on nothing is recorded by an earlier version, so whatever is looked at then was said before.
        await TellAsync(Learning, cancellationToken);
        var images = (await OnShardsAsync((IShardIngest s) => s.GetSummaryAsync(cancellationToken), cancellationToken)).Sum(s => s.Images);
        _asked = (through, 0, 0, images);
        await OnShardsAsync(async (IShardIngest shard) =>
        {
            await AskOfShardAsync(shard, through, cancellationToken);
            return true;
        }, cancellationToken);
        _askingStalled = null;
        await InTurnAsync(async () =>
        {
            state.State.AskedThrough = Math.Max(state.State.AskedThrough, through);
            await WriteAsync();
            return true;
        }, cancellationToken);
        logger.SchemaAsked(_dataset.Name, through, _asked.Asked);
        return MustAsk;
    }

    private async Task AskOfShardAsync(IShardIngest shard, int through, CancellationToken cancellationToken)
    {
        var some = new List<ListedImage>(AskedAtOnce);
        async Task AskAsync()
        {
            var asked = await Task.WhenAll(some.Select(i => GrainFactory.GetGrain<IImageGrain>(GrainKeys.Image(_dataset.Name, i.Id))
                .AskForSchemaAsync(through, AskerOf(through), cancellationToken)));
            _asked.Asked += asked.Count(a => a);
            some.Clear();
        }

        await foreach (var image in ImagesOfAsync(shard, 0, cancellationToken))
        {
            _asked.Looked++;
            if (image.Partition == Partition.Holdout || image.Stage == Stage.Quarantined || !MustAskAbout(image)) continue;
            some.Add(image);
            if (some.Count == AskedAtOnce) await AskAsync();
        }
        if (some.Count > 0) await AskAsync();
    }

    private bool MustAskAbout(in ListedImage image) => _dataset.Schema.IsOneClass
        ? image.Label >= 0 && Map.Asks(image.Label)
        // Of one that counts as done though no set stands the image says itself whether the opinions that made it so are void by now.
        : SetOf(image) is { } told ? Map.Asks(told) : image is { HistoryVersion: > 0, Stage: Stage.Labeled or Stage.Verified };

    /// <summary>Who has images asked about again: whoever made the last version that wants it.</summary>
    private string AskerOf(int through)
    {
        var version = _dataset.Schema.Classes.Select(c => c.Retired).OfType<Retirement>().Where(r => r.Ask && r.Since <= through)
            .Max(r => r.Since);
        return _records.Schemas[version - 1].Version.ChangedBy;
    }
}
