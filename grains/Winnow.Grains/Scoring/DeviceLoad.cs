namespace Winnow.Grains.Scoring;

/// <summary>A device of the cluster.</summary>
internal readonly record struct DeviceAt(string Silo, int Slot);

/// <summary>
/// Which device gets the next lot: the one with the fewest images on their way from here, in turn where several are equal. A device that
/// failed is left alone for a while, unless there is no other. Pure bookkeeping under a clock that the caller reads.
/// </summary>
internal sealed class DeviceLoad
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private readonly Dictionary<DeviceAt, int> _busy = [];
    private readonly Dictionary<DeviceAt, DateTimeOffset> _resting = [];
    private int _turn;

    /// <summary>Chooses among the devices that are there and counts the lot; null when there is none.</summary>
    /// <param name="devices">The devices that are there, in a fixed order.</param>
    /// <param name="avoid">Devices that this lot has failed on: taken only when all have.</param>
    /// <param name="images">In the lot: lots differ, and the last one of a shard may be a few.</param>
    /// <param name="now">The time.</param>
    public DeviceAt? Take(IReadOnlyList<DeviceAt> devices, IReadOnlyCollection<DeviceAt> avoid, int images, DateTimeOffset now)
    {
        if (devices.Count == 0) return null;
        _turn++;
        DeviceAt? best = null;
        (bool Avoided, bool Resting, int Busy) least = default;
        for (var i = 0; i < devices.Count; i++)
        {
            var device = devices[(i + _turn) % devices.Count];
            var cost = (avoid.Contains(device), _resting.TryGetValue(device, out var until) && until > now,
                _busy.GetValueOrDefault(device));
            if (best is not null && cost.CompareTo(least) >= 0) continue;
            (best, least) = (device, cost);
        }
        _busy[best!.Value] = _busy.GetValueOrDefault(best.Value) + images;
        return best;
    }

    /// <summary>The lot came back.</summary>
    public void Done(DeviceAt device, int images, bool failed, DateTimeOffset now)
    {
        if (_busy.GetValueOrDefault(device) <= images) _busy.Remove(device);
        else _busy[device] -= images;
        if (failed) _resting[device] = now + Rest;
        else _resting.Remove(device);
    }
}
