using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Winnow.Adapters.Ledger;
using Winnow.Grains;
using Winnow.Grains.Datasets;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Policies;
using Winnow.Model.Training;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What a newer release wrote into a state or a row is there after this one has rewritten it.</summary>
public sealed class CarriedMembersTests
{
    private static readonly JsonNode Newer = JsonNode.Parse("""{"deep":[1,{"b":null}],"text":"ü"}""")!;

    public static TheoryData<string> States => [.. ControlStates.All.Select(k => k.Name)];

    [Theory]
    [MemberData(nameof(States))]
    public void A_state_keeps_what_it_does_not_know(string name)
    {
        var type = ControlStates.All.Single(k => k.Name == name).State;
        var json = JsonSerializer.SerializeToNode(Sample(type), type, StoredStates.Json)!.AsObject();
        json["ofANewerRelease"] = Newer.DeepClone();
        var state = JsonSerializer.Deserialize(json.ToJsonString(), type, StoredStates.Json)!;
        var again = JsonSerializer.SerializeToNode(state, type, StoredStates.Json)!;
        Assert.True(JsonNode.DeepEquals(json, again), $"{json}\nbecame\n{again}");
        // Another one of the kind has nothing of it.
        Assert.Null(JsonSerializer.SerializeToNode(Sample(type), type, StoredStates.Json)!["ofANewerRelease"]);
    }

    /// <summary>A state of the kind with as little in it as it must have.</summary>
    private static object Sample(Type type) => type switch
    {
        _ when type == typeof(RoundEntry) => new RoundEntry
        {
            Arm = Arms.Main,
            Number = 1,
            OperationId = LedgerRows.Operation(1),
            Command = new StartRound(5),
        },
        _ when type == typeof(VersionEntry) => new VersionEntry
        {
            OperationId = LedgerRows.Operation(1),
            Version = new DatasetVersion(1, null, LedgerRows.Noon, "ada", 0, 0, "", null),
            ManifestKey = "",
        },
        _ when type == typeof(SchemaEntry) => new SchemaEntry
        {
            OperationId = LedgerRows.Operation(1),
            Version = SchemaVersion.First(LedgerRows.Dataset()),
        },
        _ when type == typeof(DatasetPolicies) => new DatasetPolicies { ChangedBy = "ada" },
        _ => Activator.CreateInstance(type)!,
    };

    [Fact]
    public void Parts_of_a_state_keep_it_beside_what_changes()
    {
        const string Round = "\"arm\":\"main\",\"operationId\":\"11111111-1111-1111-1111-111111111111\",\"command\":{\"batchSize\":5}";
        const string Stored = $$"""{"rounds":[{"number":1,"later":7,{{Round}}},{"number":2,"later":8,{{Round}}}],"later":9}""";
        var state = JsonSerializer.Deserialize<DatasetState>(Stored, StoredStates.Json)!;
        state.Rounds.RemoveAt(0);
        state.Rounds[0].Promoted = true;
        var again = JsonSerializer.SerializeToNode(state, StoredStates.Json)!;
        Assert.Equal((9, 8, 2), ((int)again["later"]!, (int)again["rounds"]![0]!["later"]!, (int)again["rounds"]![0]!["number"]!));
        Assert.True((bool)again["rounds"]![0]!["promoted"]!);
    }

    [Fact]
    public void The_row_of_a_dataset_keeps_it_when_its_layout_changes()
    {
        var row = JsonSerializer.SerializeToNode(LedgerRows.Dataset(), ModelJson.Default.DatasetInfo)!.AsObject();
        row["ofANewerRelease"] = Newer.DeepClone();
        row["settings"]!["ofANewerRelease"] = 5;
        var next = StoredDatasets.WithLayout(Encoding.UTF8.GetBytes(row.ToJsonString()), new ShardLayout(4, 8));
        var again = JsonNode.Parse(next)!.AsObject();
        Assert.True(JsonNode.DeepEquals(Newer, again["ofANewerRelease"]));
        Assert.Equal(5, (int)again["settings"]!["ofANewerRelease"]!);
        Assert.Equal(new ShardLayout(4, 8), StoredDatasets.Read("cats", Encoding.UTF8.GetBytes(next)).Shards);
    }
}
