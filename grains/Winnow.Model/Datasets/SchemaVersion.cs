using System.Text.Json.Serialization;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Model.Datasets;

/// <summary>One version of a dataset's label schema. Versions are made one after the other and stay; the newest holds.</summary>
public sealed record SchemaVersion
{
    /// <summary>1, 2, 3, …; the first is that of the dataset's creation.</summary>
    public required int Number { get; init; }

    /// <summary>Who made it.</summary>
    public required string ChangedBy { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>What it has otherwise than the version before it, in this order; empty in the first.</summary>
    public required IReadOnlyList<SchemaChange> Changes { get; init; }

    /// <summary>All of it.</summary>
    public required LabelSchema Schema { get; init; }

    /// <summary>Number of the restoration that told of it: who made it is as that backup says. Null: it was made here.</summary>
    public int? Told { get; init; }

    /// <summary>The version of a dataset's creation.</summary>
    /// <param name="dataset">The dataset, whose schema nobody has changed.</param>
    public static SchemaVersion First(DatasetInfo dataset) => new()
    {
        Number = 1,
        ChangedBy = dataset.CreatedBy,
        ChangedAt = dataset.CreatedAt,
        Changes = [],
        Schema = dataset.Schema,
    };

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(DateTimeOffset latest) =>
        MemberRules.Number("number", Number, 1, int.MaxValue)
        ?? ActorName.Check("changedBy", ChangedBy)
        ?? MemberRules.Date("changedAt", ChangedAt, latest)
        ?? (Changes is null || Changes.Count > SchemaEdit.MostChanges ? "changes is missing, or has too many." : null)
        ?? MemberRules.Each("changes", Changes, _ => null)
        ?? (Changes!.Count == 0 == (Number == 1) ? null : "changes must be empty in the first version, and in no other.")
        ?? (Schema is null ? "schema is missing." : MemberRules.Within("schema", Schema.CheckStored()))
        ?? (Schema!.Number == Number ? null : $"schema.version must be {Number}, not {Schema.Number}.")
        ?? (Told is { } told ? MemberRules.Number("told", told, 1, Restoration.Most) : null);

    /// <summary>
    /// Why this cannot be the version after another, as a sentence; null when it can: what has a place keeps it, and what it is said of
    /// earlier versions stays said.
    /// </summary>
    /// <param name="before">The other.</param>
    public string? CheckAfter(SchemaVersion before)
    {
        if (Number != before.Number + 1) return $"number must be {before.Number + 1}, not {Number}.";
        var (now, then) = (Schema, before.Schema);
        if (now.Classes.Count < then.Classes.Count || (now.Attributes?.Count ?? 0) < (then.Attributes?.Count ?? 0))
            return "schema has lost a class or an attribute of the version before.";
        if (now.MultiLabel != then.MultiLabel || !now.Geometries.SequenceEqual(then.Geometries) || now.IsOneClass != then.IsOneClass)
            return "schema takes other labels than the version before.";
        for (var i = 0; i < then.Classes.Count; i++)
        {
            var (one, earlier) = (now.Classes[i], then.Classes[i]);
            if (one.Since != earlier.Since || !(one.Former ?? []).Take(earlier.Former?.Count ?? 0).SequenceEqual(earlier.Former ?? [])
                || (earlier.Retired is not null && !Same(one.Retired, earlier.Retired)))
                return $"schema.classes[{i}] tells its past otherwise than the version before.";
        }
        for (var i = then.Classes.Count; i < now.Classes.Count; i++)
            if (now.Classes[i].Since != Number) return $"schema.classes[{i}].since must be {Number}, not {now.Classes[i].Since}.";
        return null;
    }

    private static bool Same(Retirement? one, Retirement other) =>
        one is not null && (one.Since, one.Into, one.Ask) == (other.Since, other.Into, other.Ask)
        && (one.Parts ?? []).SequenceEqual(other.Parts ?? []);
}

/// <summary>A request for the next version of a schema. All of its changes are made, or none.</summary>
/// <param name="From">The version that was looked at. Where another is the newest by now, nothing is changed.</param>
/// <param name="Changes">What is to be otherwise, in this order; at most 1,000.</param>
public sealed record ChangeSchema(int From, IReadOnlyList<SchemaChange> Changes) : IFreeText
{
    IFreeText IFreeText.Cleaned() => this with
    {
        Changes =
        [
            .. Changes.Select(c => c is RetitleClass { Title: { } title } retitled ? retitled with { Title = ShownText.Clean(title) } : c),
        ],
    };
}

/// <summary>A dataset's schema as it is now, and how far asking again has come that it brought with it.</summary>
/// <param name="Version">The newest version.</param>
/// <param name="Asking">What is asked again; null where nothing is.</param>
public sealed record SchemaState(
    SchemaVersion Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SchemaAsking? Asking = null);

/// <summary>How far the asking again has come that versions of a schema brought with them.</summary>
/// <param name="Through">The version whose asking is under way.</param>
/// <param name="Looked">Images that were looked at.</param>
/// <param name="Asked">Those of them that are asked about again.</param>
/// <param name="Images">Images of the dataset when it was begun.</param>
/// <param name="Stalled">Why it does not go on; null while it does.</param>
public sealed record SchemaAsking(int Through, long Looked, long Asked, long Images, string? Stalled = null);
