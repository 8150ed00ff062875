using System.Globalization;
using System.Text.Json;
using Winnow.Abstractions.Datasets;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Grains.Datasets;

/// <summary>What the next version of a label schema may be. Pure.</summary>
internal static class SchemaStep
{
    /// <summary>The version that comes next.</summary>
    /// <param name="current">The newest.</param>
    /// <param name="change">What it is to have otherwise.</param>
    /// <param name="actor">Who makes it.</param>
    /// <param name="now">When.</param>
    /// <exception cref="RefusedException">A change cannot be made, or another version is the newest than was looked at.</exception>
    public static SchemaVersion Next(SchemaVersion current, ChangeSchema change, string actor, DateTimeOffset now)
    {
        if (change.From != current.Number)
            throw new RefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"from: the label schema has version {current.Number} by now, and version {change.From} was to be changed. Look at it "
                + $"again."))
            {
                Code = RefusalCodes.SchemaChanged,
            };
        var made = SchemaEdit.Apply(current.Schema, change.Changes, out var wrong);
        if (wrong is not null) throw new RefusedException(wrong);
        return new SchemaVersion
        {
            Number = made.Number,
            ChangedBy = actor,
            ChangedAt = now,
            Changes = change.Changes,
            Schema = made,
        };
    }

    /// <summary>Bytes as JSON of all versions together: they are in memory while their dataset is worked with.</summary>
    public const long MostBytes = 64 << 20;

    /// <summary>What a version takes of that.</summary>
    public static long BytesOf(SchemaVersion version) =>
        JsonSerializer.SerializeToUtf8Bytes(version, ModelJson.Default.SchemaVersion).LongLength;

    /// <exception cref="RefusedException">With one more version there is more of them than is kept.</exception>
    public static void CheckRoom(long before, SchemaVersion next)
    {
        var bytes = before + BytesOf(next);
        if (bytes <= MostBytes) return;
        throw new RefusedException(string.Create(CultureInfo.InvariantCulture,
            $"{next.Number} versions of the label schema would take {bytes} bytes as JSON, and at most {MostBytes} are kept of a dataset. "
            + $"Make several changes in one version."));
    }

    /// <summary>What a request asks for: its operation id belongs to that.</summary>
    public static Guid ContentOf(ChangeSchema change) =>
        OperationStamp.ContentOf(JsonSerializer.Serialize(change, ModelJson.Default.ChangeSchema));
}
