using System.Security.Cryptography;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Training;

/// <summary>The heads of a round in the object store. Each bears its hash, so that no activation can overwrite another's.</summary>
internal static class RoundHeads
{
    public static async Task<(string Key, string Sha256)> StoreAsync(RoundWork round, IHead head, CancellationToken cancellationToken)
    {
        var bytes = head.ToBytes();
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var key = ObjectKeys.Head(round.Dataset.Name, round.Arm, round.Number, sha256);
        await round.Ports.Objects.PutAsync(key, bytes, cancellationToken);
        return (key, sha256);
    }

    /// <exception cref="InvalidDataException">It is not in the object store, or damaged.</exception>
    public static async Task<IHead> ReadAsync(RoundWork round, string key, CancellationToken cancellationToken)
    {
        var bytes = await round.Ports.Objects.GetAsync(key, cancellationToken)
            ?? throw new InvalidDataException($"Head {key} is not in the object store.");
        return HeadFormats.Read(bytes.Span);
    }

    /// <summary>Stores what other programs run: the projection and the head as one graph.</summary>
    public static async Task ExportAsync(RoundWork round, IHead head, string sha256, CancellationToken cancellationToken)
    {
        var key = round.State.ProjectionKey!;
        var bytes = await round.Ports.Objects.GetAsync(key, cancellationToken)
            ?? throw new InvalidDataException($"Projection {key} is not in the object store.");
        var onnx = round.Ports.Exporter.ToOnnx(Projection.FromBytes(bytes.Span), head,
            [.. round.Dataset.Schema.NamesAt(round.State.Schema ?? 1)], round.Dataset.Schema.RetiredAt(round.State.Schema ?? 1));
        await round.Ports.Objects.PutAsync(ObjectKeys.HeadOnnx(round.Dataset.Name, round.Arm, round.Number, sha256), onnx,
            cancellationToken);
    }
}
