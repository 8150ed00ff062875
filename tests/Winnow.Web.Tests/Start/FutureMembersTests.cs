using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Web.Tests.Start;

/// <summary>
/// Silos of a later release write members that this one does not know, and this one reads on during a rolling upgrade and after going back:
/// every object of all JSON in the ledger gets such a member, and everything is there as before.
/// </summary>
public sealed class FutureMembersTests : IDisposable
{
    private const string Dataset = "shapes";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-future-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Stored_JSON_with_unknown_members_is_read()
    {
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Folder = _folder.FullName });
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        var settings = new DatasetSettings { Shards = 2, AuditSample = 10, ProjectionDimensions = 16 };
        await silo.Client.CreateDatasetAsync(new CreateDataset(Dataset, schema, settings));
        ImageId? first = null;
        await foreach (var result in silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(80))) first ??= result.Id;
        await silo.Client.WaitForScoringAsync(Dataset);
        var decision = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("disc")] };
        await silo.Client.SubmitAsync(Dataset, [new SubmitDecision(first!.Value, Guid.NewGuid(), decision, ExpectedVersion: 0)]);
        await silo.Client.CreateVersionAsync(Dataset, new CreateVersion("a note"));
        var round = await silo.Client.StartRoundAsync(Dataset, new StartRound(5));
        await Until.TrueAsync(async () => (await silo.Client.GetRoundAsync(Dataset, Arms.Main, round.Number)).Step == RoundStep.Review,
            TimeSpan.FromMinutes(1), () => "the round waits for people");
        var before = await TellAsync(silo, first.Value);
        await silo.KillAsync();

        var changed = AddMembers(Path.Combine(_folder.FullName, "ledger.db"));
        Assert.True(changed is { Datasets: 1, History: > 0, States: > 1 }, $"changed are {changed}");
        await silo.StartAgainAsync();
        Assert.Equal(before, await TellAsync(silo, first.Value));
        // And it goes on: what was read is written again.
        await silo.Client.CreateVersionAsync(Dataset, new CreateVersion("another note"));
        Assert.Equal(2, (await silo.Client.ListVersionsAsync(Dataset)).Count);
    }

    private static async Task<string> TellAsync(SiloProcess silo, ImageId image)
    {
        var told = new StringBuilder();
        told.AppendLine(JsonSerializer.Serialize(await silo.Client.GetDatasetAsync(Dataset), ModelJson.Default.DatasetInfo));
        var versions = await silo.Client.ListVersionsAsync(Dataset);
        told.AppendLine(JsonSerializer.Serialize(versions, ModelJson.Default.IReadOnlyListDatasetVersion));
        var round = Assert.Single(await silo.Client.ListRoundsAsync(Dataset));
        told.AppendLine($"{round.Number} {round.Arm} {round.Step} {round.Selected}");
        var detail = await silo.Client.GetImageAsync(Dataset, image);
        foreach (var entry in detail.History) told.AppendLine(JsonSerializer.Serialize(entry, ModelJson.Default.HistoryEntry));
        return told.ToString();
    }

    private static (int Datasets, int States, int History) AddMembers(string ledger)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = ledger, Pooling = false }.ToString());
        connection.Open();
        using var transaction = connection.BeginTransaction();
        // History refuses to be changed; what guards it is put back as it was.
        var guards = Rows(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'");
        foreach (var (name, _) in guards) Run(connection, $"DROP TRIGGER {name}");
        var datasets = Change(connection, "dataset", "info");
        var counts = (datasets, Change(connection, "grain_state", "state"), Change(connection, "history", "entry"));
        foreach (var (_, sql) in guards) Run(connection, sql);
        transaction.Commit();
        return counts;
    }

    private static int Change(SqliteConnection connection, string table, string column)
    {
        // A table without row ids is known by its JSON, of which there is little here.
        var rows = Rows(connection, $"SELECT typeof({column}), CAST({column} AS TEXT) FROM {table} WHERE {column} IS NOT NULL");
        foreach (var (type, json) in rows)
        {
            using var update = connection.CreateCommand();
            update.CommandText = $"UPDATE {table} SET {column} = $new WHERE CAST({column} AS TEXT) = $old";
            var changed = WithMember(JsonNode.Parse(json))!.ToJsonString();
            update.Parameters.AddWithValue("$new", type == "blob" ? Encoding.UTF8.GetBytes(changed) : changed);
            update.Parameters.AddWithValue("$old", json);
            update.ExecuteNonQuery();
        }
        return rows.Count;
    }

    private static JsonNode? WithMember(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, value) in members.ToArray()) WithMember(value);
                members["fromALaterRelease"] = new JsonObject { ["deep"] = new JsonArray(1, "two", null) };
                break;
            case JsonArray items:
                foreach (var item in items) WithMember(item);
                break;
        }
        return node;
    }

    private static List<(string, string)> Rows(SqliteConnection connection, string query)
    {
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        var rows = new List<(string, string)>();
        while (reader.Read()) rows.Add((reader.GetString(0), reader.GetString(1)));
        return rows;
    }

    private static void Run(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }
}
