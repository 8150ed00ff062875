using System.Globalization;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Winnow.Grains.Placement;

namespace Winnow.Grains.Scoring;

/// <summary>The scoring devices of the silos that are in the cluster now, and what this silo has on its way to each.</summary>
internal sealed class DeviceDirectory(ISiloStatusOracle silos, ISiloMetadataCache metadata, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly DeviceLoad _load = new();

    /// <summary>All devices, by silo and number.</summary>
    public IReadOnlyList<DeviceAt> Devices()
    {
        var devices = new List<DeviceAt>();
        foreach (var silo in silos.GetActiveSilos())
        {
            var traits = metadata.GetSiloMetadata(silo).Metadata;
            if (!traits.TryGetValue(SiloTraits.Name, out var name) || !traits.TryGetValue(SiloTraits.Devices, out var count)) continue;
            for (var slot = 0; slot < int.Parse(count, CultureInfo.InvariantCulture); slot++) devices.Add(new DeviceAt(name, slot));
        }
        devices.Sort((a, b) => (a.Silo, a.Slot).CompareTo((b.Silo, b.Slot)));
        return devices;
    }

    /// <summary>Sends a lot to the least busy device, and to another when that one fails: a dying device loses nothing.</summary>
    /// <param name="images">In the lot.</param>
    /// <param name="send">Gives it to a device.</param>
    /// <exception cref="InvalidOperationException">There is no device.</exception>
    public async Task<T> SendAsync<T>(int images, Func<DeviceAt, Task<T>> send)
    {
        const int MostTries = 3;
        var failed = new List<DeviceAt>();
        while (true)
        {
            DeviceAt device;
            lock (_gate)
            {
                device = _load.Take(Devices(), failed, images, time.GetUtcNow())
                    ?? throw new InvalidOperationException("No silo of the cluster has a scoring device. Start one with Role=scoring or Role=all; what waits is kept.");
            }
            var broke = true;
            try
            {
                var result = await send(device);
                broke = false;
                return result;
            }
            catch (Exception e) when (e is not OperationCanceledException && failed.Count + 1 < MostTries && Devices().Count > 1)
            {
                failed.Add(device);
            }
            finally
            {
                lock (_gate) _load.Done(device, images, broke, time.GetUtcNow());
            }
        }
    }
}
