using System.Text.Json;
using System.Text.Json.Nodes;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// Reads the rows of datasets, and tells those that can be opened from those that cannot: shards without number, say, would take all memory
/// there is.
/// </summary>
internal static class StoredDatasets
{
    /// <summary>
    /// What stands in the row that holds the name of a dataset while that is deleted. Silos of the last release cannot read it, and set it
    /// aside.
    /// </summary>
    public const string NameHeld = """{"deleted":true}""";

    private static readonly byte[] NameHeldBytes = System.Text.Encoding.UTF8.GetBytes(NameHeld);

    /// <summary>Whether a row is no dataset, and only holds the name of one that goes.</summary>
    public static bool HoldsName(ReadOnlySpan<byte> json) => json.SequenceEqual(NameHeldBytes);

    /// <summary>A dataset as it is stored.</summary>
    /// <exception cref="SetAsideException">It cannot be read, or opened.</exception>
    public static DatasetInfo Read(string name, ReadOnlySpan<byte> json)
    {
        if (TryRead(name, json, out var problem) is { } dataset) return dataset;
        throw new SetAsideException($"Dataset '{name}' cannot be opened: {problem} It is set aside as it is, and everything else goes on.");
    }

    /// <summary>A dataset as it is stored; null where it cannot be read or opened, and then why.</summary>
    public static DatasetInfo? TryRead(string name, ReadOnlySpan<byte> json, out string problem)
    {
        problem = "";
        try
        {
            var dataset = JsonSerializer.Deserialize(json, ModelJson.Default.DatasetInfo);
            problem = dataset is null ? "its row is empty." : StagedDatasets.Is(name) ? "" : WrongWith(name, dataset) ?? "";
            return problem.Length == 0 ? dataset : null;
        }
        catch (Exception broken) when (JsonFaults.IsFault(broken))
        {
            problem = JsonFaults.Describe(broken);
            return null;
        }
    }

    /// <summary>The row with another layout. All else stays as it is, what a newer release wrote too.</summary>
    public static string WithLayout(ReadOnlySpan<byte> json, ShardLayout next)
    {
        var row = JsonNode.Parse(json)!.AsObject();
        row["layout"] = JsonSerializer.SerializeToNode(next, ModelJson.Default.ShardLayout);
        return row.ToJsonString(ModelJson.Default.Options);
    }

    /// <summary>The row with another label schema. All else stays as it is.</summary>
    public static string WithSchema(ReadOnlySpan<byte> json, LabelSchema next)
    {
        var row = JsonNode.Parse(json)!.AsObject();
        row["schema"] = JsonSerializer.SerializeToNode(next, ModelJson.Default.LabelSchema);
        return row.ToJsonString(ModelJson.Default.Options);
    }

    // Stored dates are nobody's who could deceive with them; a clock that was put back is no reason to shut a dataset.
    private static string? WrongWith(string name, DatasetInfo dataset) =>
        dataset.Name != name ? "its row is about another dataset." : dataset.Check(DateTimeOffset.MaxValue);
}
