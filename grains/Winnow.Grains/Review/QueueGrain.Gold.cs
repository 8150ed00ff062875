using Winnow.Abstractions.Review;
using Winnow.Grains.Datasets;
using Winnow.Grains.Telemetry;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// How people are checked while they work: beside a task to label comes now and then an image whose label is known, and looks like any
/// other.
/// </summary>
internal sealed partial class QueueGrain
{
    /// <summary>Images of known label that are in use at a time, over all shards.</summary>
    private const int MostGold = 512;

    /// <summary>How long what is known of them holds.</summary>
    private static readonly TimeSpan GoldHolds = TimeSpan.FromMinutes(1);

    private readonly GoldStock _gold = new();
    private readonly HeldChecks _checks = new();
    private int _goldOf;
    private long _goldAskedAt;
    private Task _goldRenewed = Task.CompletedTask;
    private readonly Dictionary<string, ReservedTask> _owedGold = new(StringComparer.Ordinal);

    private double GoldShare => level.KeepsTiers ? _known?.GoldShare ?? 0 : 0;

    /// <summary>Asks the shards now and then, and when the policy has changed. Nobody waits for the answer.</summary>
    private void FollowGold()
    {
        if (GoldShare == 0 || !_goldRenewed.IsCompleted) return;
        if (_goldOf == _known!.Version && time.GetElapsedTime(_goldAskedAt) < GoldHolds) return;
        (_goldOf, _goldAskedAt) = (_known.Version, time.GetTimestamp());
        _goldRenewed = RenewGoldAsync();
    }

    private async Task RenewGoldAsync()
    {
        try
        {
            var layout = await LayoutAsync(CancellationToken.None);
            var each = Math.Max(1, MostGold / layout.Count);
            var found = await layout.Numbers().ToArray().AllAsync(s => Shard(s).GetGoldAsync(each, CancellationToken.None));
            _gold.Renew(found.SelectMany(g => g));
        }
        catch (Exception e)
        {
            logger.GoldSilent(e, _dataset.Name);
        }
    }

    /// <summary>The one that a person is to be given next, if one is due.</summary>
    private ReservedTask? OwedGold(string actor, TaskKind[] kinds) =>
        kinds.Contains(TaskKind.Label) && _owedGold.Remove(actor, out var gold) ? gold : null;

    /// <summary>
    /// Sees whether one is due after a task. It comes under that one's priority, so that nothing tells which is which. Whether one is due
    /// follows from the person and the image by the secret of leases: to take tasks again brings no other.
    /// </summary>
    private void OweGoldBeside(in ReservedTask task, string actor)
    {
        if (task.Kind != TaskKind.Label || GoldShare == 0 || _gold.Count == 0) return;
        var draw = _leases.DrawOf($"{_dataset.Name}\n{actor}", task.Image);
        if (draw < GoldShare && _gold.Take(actor, draw / GoldShare) is { } gold)
            _owedGold[actor] = gold with { Priority = task.Priority };
    }
}
