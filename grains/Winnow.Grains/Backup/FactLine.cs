using System.Security.Cryptography;
using System.Text;
using Winnow.Grains.Facts;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Grains.Backup;

/// <summary>
/// A fact as a backup writes it, of a kind that this program knows or of another: what stands here is all that is needed to keep it. Its
/// payload is a text of its own; null where it was erased.
/// </summary>
internal sealed record FactLine(
    string Kind, int Ordinal, ImageId Image, string Key, long Version, bool AppendOnly, Guid Operation, string Actor, string Sha256,
    int Size,
    string? Payload)
{
    private const int MaxKey = 1_024;

    public static FactLine Of(FactRow row) => new(
        row.Id.Kind, row.Id.Ordinal, row.Image, row.Id.Key, row.Version, row.AppendOnly, row.OperationId, row.Actor,
        Convert.ToHexStringLower(row.Sha256), row.Size, row.Payload is { } payload ? Encoding.UTF8.GetString(payload) : null);

    public FactRow ToRow() => new(
        new FactKey(Kind, Ordinal, Key), Image, Version, AppendOnly, Operation, Actor, Convert.FromHexString(Sha256), Size,
        Payload is null ? null : Encoding.UTF8.GetBytes(Payload))
    {
        // One of a later release is carried from the level on at which facts are.
        Level = FactKinds.Find(Kind)?.Level ?? ClusterLevels.Facts,
    };

    /// <summary>The first thing that is wrong with it; null when nothing is.</summary>
    public string? Check(DatasetInfo dataset, DateTimeOffset latest) =>
        MemberRules.Text("kind", Kind, 100, least: 1)
        ?? MemberRules.Number("ordinal", Ordinal, -1, int.MaxValue - 1)
        ?? MemberRules.Text("key", Key, MaxKey)
        ?? MemberRules.Number("version", Version, 1, long.MaxValue)
        ?? ActorName.Check("actor", Actor)
        ?? MemberRules.Sha256("sha256", Sha256)
        ?? CheckPayload()
        ?? CheckKind(dataset, latest);

    private string? CheckPayload()
    {
        if (Payload is null) return MemberRules.Number("size", Size, 0, int.MaxValue);
        var bytes = Encoding.UTF8.GetBytes(Payload);
        if (bytes.Length != Size) return "size is not that of the payload.";
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) == Sha256 ? null : "sha256 is not that of the payload.";
    }

    private string? CheckKind(DatasetInfo dataset, DateTimeOffset latest)
    {
        if (FactKinds.Find(Kind) is not { } kind) return null;
        return kind.AppendOnly == AppendOnly ? kind.Check(ToRow(), dataset, latest) : "appendOnly is not what holds of this kind.";
    }
}
