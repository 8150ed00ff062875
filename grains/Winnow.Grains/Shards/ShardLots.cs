using System.Runtime.InteropServices;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Scoring;
using Winnow.Grains.Images;
using Winnow.Grains.Scoring;
using Winnow.Model.Images;

namespace Winnow.Grains.Shards;

/// <summary>Has runs of a shard's rows embedded by devices. A lot has a row for each image, also for those that were put aside.</summary>
internal sealed class ShardLots(ShardWriter writer, ShardIndex index, DeviceDirectory devices, IGrainFactory grains)
{
    /// <summary>Embeds a run of rows.</summary>
    /// <param name="space">Whose backbone makes them.</param>
    /// <param name="first">Ordinal of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="behind">Whether lots of what serves go before it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">There is no device for it, or devices make another version than the shard
    /// has.</exception>
    public async Task<MadeLot> EmbedAsync(ShardSpace space, int first, int count, bool behind, CancellationToken cancellationToken)
    {
        var images = new List<ImageId>(count);
        var sent = new bool[count];
        for (var i = 0; i < count; i++)
        {
            sent[i] = !index.Has(first + i, ShardIndex.Flags.Quarantined);
            if (sent[i]) images.Add(index.IdOf(first + i));
        }
        var version = devices.Embeddings(space.Backbone);
        if (space.EmbeddingVersion is { } known && known != version) throw Mixed(known, version);
        var wanted = new EmbedLot(writer.Key.Dataset, [.. images]);
        Task<EmbeddedLot> SendAsync(DeviceAt device)
        {
            var key = new DeviceKey(space.Backbone, device.Silo, device.Slot).ToString();
            return grains.GetGrain<IScoringGrain>(key).EmbedAsync(wanted, cancellationToken);
        }

        var lot = behind
            ? await devices.SendBehindAsync(space.Backbone, images.Count, SendAsync, cancellationToken)
            : await devices.SendAsync(space.Backbone, images.Count, SendAsync);
        return new MadeLot(version, images.Count == count ? lot : Spread(lot, sent));
    }

    public static InvalidOperationException Mixed(string known, string version) => new(
        $"The embeddings of this dataset are of {known}, and the devices make those of {version} now: they must not be mixed. "
        + "Set Scoring:Precision back, or use another dataset; what waits is kept.");

    /// <summary>Puts rows of NaN where images were put aside already, so that rows and ordinals stay in step.</summary>
    private static EmbeddedLot Spread(EmbeddedLot lot, bool[] sent)
    {
        var rowBytes = lot.Dimensions * sizeof(ushort);
        var vectors = new byte[sent.Length * rowBytes];
        var reasons = new string?[sent.Length];
        var from = 0;
        for (var i = 0; i < sent.Length; i++)
        {
            var row = vectors.AsSpan(i * rowBytes, rowBytes);
            if (!sent[i]) MemoryMarshal.Cast<byte, Half>(row).Fill(Half.NaN);
            else
            {
                lot.Vectors.AsSpan(from * rowBytes, rowBytes).CopyTo(row);
                reasons[i] = lot.Reasons[from++];
            }
        }
        return new EmbeddedLot(lot.Dimensions, vectors, reasons);
    }
}
