using System.Globalization;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Winnow.Grains.Columns;
using Winnow.Grains.Placement;

namespace Winnow.Grains.Scoring;

/// <summary>The scoring devices of the silos that are in the cluster now, and what this silo has on its way to each.</summary>
internal sealed class DeviceDirectory(ISiloStatusOracle silos, ISiloMetadataCache metadata, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly DeviceLoad _load = new();
    private readonly LotTurns _turns = new();

    /// <summary>All devices, by silo and number.</summary>
    public IReadOnlyList<DeviceAt> Devices() => Devices(Traits());

    /// <summary>
    /// The version of embeddings that the devices make now: the backbone's name, followed by the precision where that is not float32.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no device, or the silos do not compute alike.</exception>
    public string Embeddings(string backbone) => Embeddings(backbone, Traits());

    /// <param name="backbone">Its name.</param>
    /// <param name="silos">Metadata of the silos of the cluster.</param>
    internal static string Embeddings(string backbone, IEnumerable<IReadOnlyDictionary<string, string>> silos)
    {
        var precisions = silos.Where(t => Devices([t]).Count > 0)
            .GroupBy(t => t.GetValueOrDefault(SiloTraits.Precision, SiloTraits.Float32), t => t[SiloTraits.Name], StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal).ToList();
        if (precisions.Count == 0) throw NoDevice();
        if (precisions.Count == 1) return EmbeddingVersion.Of(backbone, precisions[0].Key);
        var each = precisions.Select(g => $"{g.Key} on {string.Join(", ", g.Order(StringComparer.Ordinal))}");
        throw new InvalidOperationException(
            $"Silos score in different precisions ({string.Join("; ", each)}), and their embeddings must not be mixed. Give all the same "
            + $"Scoring:Precision; what waits is kept.");
    }

    /// <summary>
    /// Why no silo of the cluster can score with a backbone; null where one knows it by name, or may. One that does not say what it knows,
    /// and a cluster whose scoring silos are not there yet, may.
    /// </summary>
    public string? Unknown(string backbone) => Unknown(backbone, Traits());

    /// <inheritdoc cref="Unknown(string)"/>
    internal static string? Unknown(string backbone, IEnumerable<IReadOnlyDictionary<string, string>> silos)
    {
        var scoring = silos.Where(t => Devices([t]).Count > 0).ToList();
        if (scoring.Count == 0 || scoring.Any(t => MayKnow(t, backbone))) return null;
        var known = scoring.SelectMany(t => t[SiloTraits.Backbones].Split('\n'))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return $"No backbone is called '{backbone}'. Known to the silos that score: {string.Join(", ", known)}. "
            + $"Choose one of these, or give those silos an ONNX file by this name: --Scoring:Backbones:{backbone}:Path FILE.";
    }

    private static bool MayKnow(IReadOnlyDictionary<string, string> silo, string backbone) =>
        !silo.TryGetValue(SiloTraits.Backbones, out var known) || known.Split('\n').Contains(backbone, StringComparer.Ordinal);

    private List<DeviceAt> DevicesWith(string backbone) => Devices(Traits().Where(t => MayKnow(t, backbone)));

    private static List<DeviceAt> Devices(IEnumerable<IReadOnlyDictionary<string, string>> silos)
    {
        var devices = new List<DeviceAt>();
        foreach (var traits in silos)
        {
            if (!traits.TryGetValue(SiloTraits.Name, out var name) || !traits.TryGetValue(SiloTraits.Devices, out var count)) continue;
            for (var slot = 0; slot < int.Parse(count, CultureInfo.InvariantCulture); slot++) devices.Add(new DeviceAt(name, slot));
        }
        devices.Sort((a, b) => (a.Silo, a.Slot).CompareTo((b.Silo, b.Slot)));
        return devices;
    }

    private IEnumerable<IReadOnlyDictionary<string, string>> Traits() =>
        silos.GetActiveSilos().Select(silo => metadata.GetSiloMetadata(silo).Metadata);

    /// <summary>Sends a lot to the least busy device, and to another when that one fails: a dying device loses nothing.</summary>
    /// <param name="backbone">Which the device must know.</param>
    /// <param name="images">In the lot.</param>
    /// <param name="send">Gives it to a device.</param>
    /// <exception cref="InvalidOperationException">There is no device, or none that knows the backbone.</exception>
    public async Task<T> SendAsync<T>(string backbone, int images, Func<DeviceAt, Task<T>> send)
    {
        using var turn = _turns.Ahead();
        return await SendInTurnAsync(backbone, images, send);
    }

    /// <summary>The same for a lot that nobody waits for: it goes when none that somebody waits for is on its way from this silo.</summary>
    /// <inheritdoc cref="SendAsync{T}(string, int, Func{DeviceAt, Task{T}})"/>
    public async Task<T> SendBehindAsync<T>(string backbone, int images, Func<DeviceAt, Task<T>> send, CancellationToken cancellationToken)
    {
        using var turn = await _turns.BehindAsync(cancellationToken);
        return await SendInTurnAsync(backbone, images, send);
    }

    private async Task<T> SendInTurnAsync<T>(string backbone, int images, Func<DeviceAt, Task<T>> send)
    {
        const int MostTries = 3;
        var failed = new List<DeviceAt>();
        while (true)
        {
            DeviceAt device;
            lock (_gate)
            {
                device = _load.Take(DevicesWith(backbone), failed, images, time.GetUtcNow()) ?? throw NoDevice(Unknown(backbone));
            }
            var broke = true;
            try
            {
                var result = await send(device);
                broke = false;
                return result;
            }
            catch (Exception e) when (
                e is not OperationCanceledException && failed.Count + 1 < MostTries && DevicesWith(backbone).Count > 1)
            {
                failed.Add(device);
            }
            finally
            {
                lock (_gate) _load.Done(device, images, broke, time.GetUtcNow());
            }
        }
    }

    private static InvalidOperationException NoDevice(string? unknown = null) => new(unknown
        ?? "No silo of the cluster has a scoring device. Start one with Role=scoring or Role=all; what waits is kept.");
}
