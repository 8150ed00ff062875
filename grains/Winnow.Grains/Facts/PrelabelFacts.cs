using System.Text.Json;
using Winnow.Abstractions.Prelabels;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Prelabels;

namespace Winnow.Grains.Facts;

/// <summary>
/// Prelabels that came from outside: one per image and source, the one that was made last. The key is the source, the version the
/// milliseconds of its making, the payload an <see cref="ImagePrelabel"/> as JSON of the model.
/// </summary>
public sealed class PrelabelFacts : FactKind
{
    /// <inheritdoc/>
    public override string Name => "prelabel";

    /// <inheritdoc/>
    public override bool AppendOnly => false;

    /// <inheritdoc/>
    public override int Level => ClusterLevels.Facts;

    /// <summary>The fact of a prelabel that was checked.</summary>
    internal FactRow Of(int ordinal, PrelabelRow row, Guid operationId, string actor) => Make(
        ordinal, row.Image, row.Source, row.MadeAt.ToUnixTimeMilliseconds(), operationId, actor, row.Json);

    /// <inheritdoc/>
    public override string? Check(FactRow fact, DatasetInfo dataset, DateTimeOffset latest)
    {
        if (fact.Payload is not { } json) return null;
        if (json.Length > ImagePrelabel.MaxBytes) return TooLong(json.Length);
        if (Read(json) is not { } prelabel) return "the payload is no prelabel.";
        if (prelabel.Source != fact.Id.Key) return "key is not the source of the prelabel.";
        if (prelabel.MadeAt.ToUnixTimeMilliseconds() != fact.Version) return "version is not the time at which the prelabel was made.";
        return prelabel.Image == fact.Image ? prelabel.CheckStored(dataset.Schema, latest) : "image is not the one of the prelabel.";
    }

    /// <summary>
    /// The prelabels of some facts, by source, as the newest schema has them. What cannot be read, or was erased, is left out: it can be
    /// made again. Nor is there one of classes that are said no more.
    /// </summary>
    public static IReadOnlyList<Prelabel> Read(IEnumerable<byte[]?> payloads, LabelSchema schema) => [.. payloads
        .Select(p => p is null ? null : Read(p)).OfType<ImagePrelabel>().OrderBy(p => p.Source, StringComparer.Ordinal)
        .Select(p => p.ToPrelabel(schema)).OfType<Prelabel>()];

    /// <summary>The refusal of one that is too long.</summary>
    public static string TooLong(int bytes) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"The prelabel has {bytes} bytes as JSON; at most {ImagePrelabel.MaxBytes} are taken.");

    private static ImagePrelabel? Read(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ModelJson.Default.ImagePrelabel);
        }
        catch (Exception e) when (e is JsonException or FormatException or NotSupportedException)
        {
            return null;
        }
    }
}
