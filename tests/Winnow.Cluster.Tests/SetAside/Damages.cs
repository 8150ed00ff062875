namespace Winnow.Cluster.Tests.SetAside;

/// <summary>One row that is not what it should be.</summary>
/// <param name="Dataset">The dataset that it is planted in, whose name says what was done; null for a row of no dataset.</param>
/// <param name="Do">Plants it.</param>
/// <param name="Named">What is to be set aside for it, by kind and name; null where it has to be borne in silence.</param>
internal sealed record Damage(string? Dataset, Func<PlantedLedger, Task> Do, (string Kind, string Name)? Named);

/// <summary>Kinds of rows by kinds of damage.</summary>
internal static class Damages
{
    private const string Zeros = "0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>What becomes of a JSON text; in SQL, where <c>T</c> stands for the text.</summary>
    private static readonly (string Name, string Change)[] Texts =
    [
        ("cut", "substr(T, 1, length(T) / 2)"), ("null", "'null'"), ("list", "'[1,2,3]'"), ("text", "'\"x\"'"),
        ("number", "'1e999'"), ("empty", "''"),
    ];

    private static readonly string[] Types = ["dataset", "round-entry", "round", "access"];

    private const string Newer = "'{\"fromANewerRelease\":{\"a\":[1,null]},' || substr(T, 2)";

    public static IEnumerable<Damage> Of(bool anyText)
    {
        foreach (var (name, change) in Texts)
        {
            if (anyText || name is not ("cut" or "empty")) yield return Info($"info-{name}", change, "dataset");
            foreach (var type in Types) yield return State($"{type}-{name}", type, change, broken: true);
        }
        foreach (var (name, from, to) in new[]
        {
            ("layout", "\"layout\":null", "\"layout\":{\"first\":0,\"count\":1000000000,\"split\":null,\"superseded\":null}"),
            ("shards", "\"shards\":1,", "\"shards\":1000000000,"), ("classes", "\"classes\":[", "\"classes\":[null,"),
            ("name", "\"name\":\"info-name\"", "\"name\":\"another\""),
        })
            yield return Info($"info-{name}", $"replace(T, '{from}', '{to}')", "dataset");
        yield return Info("info-newer", Newer, null);
        foreach (var type in Types) yield return State($"{type}-newer", type, Newer, broken: false);
        foreach (var (name, version) in new[] { ("huge", "9223372036854775807"), ("negative", "-5") })
            yield return new Damage($"version-{name}", l => l.ExecuteAsync(
                $"UPDATE grain_state SET version = {version} WHERE grain_type = 'round' AND grain_key LIKE 'version-{name}/%'"),
                ("state", $"round/version-{name}/main/1"));
        foreach (var type in new[] { "bucket-sources", "bucket-source" })
            foreach (var (name, change) in Texts)
            {
                var dataset = $"{type}-{name}";
                var key = type == "bucket-source" ? $"{dataset}/shots" : dataset;
                var text = change.Replace("T", "'{\"sources\":[],\"segments\":[]}'");
                yield return new Damage(dataset, l => l.PutStateAsync(type, key, text), ("state", $"{type}/{key}"));
            }
        foreach (var damage in OfShards()) yield return damage;
    }

    private static IEnumerable<Damage> OfShards()
    {
        static Damage Rows(string name, string kind, params Func<PlantedLedger, string>[] statements) => new(name, async ledger =>
        {
            foreach (var statement in statements) await ledger.ExecuteAsync(statement(ledger).Replace("ID", PlantedLedger.IdOf(name)));
        }, kind.Length == 0 ? null : (kind, $"{name}/0000"));

        const string Of = "WHERE dataset = ID AND shard = 0";
        yield return Rows("count-huge", "shard", _ => $"UPDATE shard SET images = 1000000000 {Of}");
        yield return Rows("count-negative", "shard", _ => $"UPDATE shard SET images = -7 {Of}");
        yield return Rows("epoch-huge", "", _ => $"UPDATE shard SET epoch = 9223372036854775807 {Of}");
        yield return Rows("image-gap", "shard", _ => $"DELETE FROM image {Of} AND ordinal = 1");
        yield return Rows("image-label", "shard", _ => $"UPDATE image SET label = 99 {Of} AND ordinal = 1");
        yield return Rows("image-partition", "shard", _ => $"UPDATE image SET partition = 77 {Of} AND ordinal = 1");
        yield return Rows("image-time", "", l => $"UPDATE image SET received_at = {l.FarFuture} {Of} AND ordinal = 1");
        const string Entry = "INSERT INTO history (dataset, shard, image, version, ordinal, operation, label, closes, stage, entry) "
            + "SELECT dataset, shard, ";
        const string From = "FROM history WHERE dataset = ID AND version = 1";
        yield return Rows("history-far", "shard", _ => $"{Entry} image, 2, 1000000000, NULL, label, closes, stage, entry {From}");
        yield return Rows("history-other", "shard", l => $"{Entry} {l.Bytes(Zeros)}, 1, ordinal, NULL, label, closes, stage, entry {From}");
        yield return Rows("history-label", "shard", _ => $"{Entry} image, 2, ordinal, NULL, 99, closes, stage, entry {From}");
        yield return Rows("history-stage", "shard", _ => $"{Entry} image, 2, ordinal, NULL, label, closes, 99, entry {From}");
        const string Task = "INSERT INTO task (dataset, shard, ordinal, arm, round, priority, reserved_until) VALUES (ID, 0, ";
        yield return Rows("task-far", "tasks", l => $"{Task} 1000000000, 'main', 1, 0.5, {l.FarFuture})");
        yield return Rows("task-arm", "tasks", l => $"{Task} 1, 'no arm', 1, 0.5, {l.FarFuture})");
        yield return Rows("task-round", "tasks", l => $"{Task} 1, 'main', 2000000000, 0.5, {l.FarFuture})");
        yield return Rows("task-priority", "tasks", l => $"{Task} 1, 'main', 1, {l.NoNumber}, {l.FarFuture})");
        yield return Rows("task-reserved", "", l => $"{Task} 1, 'main', 1, 0.5, {l.FarFuture})");
        const string Segment = "INSERT INTO segment (dataset, shard, kind, version, first, count, object) VALUES (ID, 0, ";
        yield return Rows("segment-kind", "", _ => $"{Segment} 'nonsense', 'v', 0, 1, 'datasets/segment-kind/segments/0000/x')");
        yield return Rows("segment-count", "",
            _ => $"{Segment} 'embedding', 'v', 0, 1000000000, 'datasets/segment-count/segments/0000/x')");
        yield return Rows("segment-object", "", _ => $"{Segment} 'scores', 'v', 0, 1, '../../etc/passwd')");
    }

    private static Damage Info(string dataset, string change, string? kind) => new(dataset,
        l => l.ExecuteAsync($"UPDATE dataset SET info = {l.ToInfo(change.Replace("T", l.InfoText))} WHERE name = '{dataset}'"),
        kind is null ? null : (kind, dataset));

    private static Damage State(string dataset, string type, string change, bool broken)
    {
        var key = type is "round" or "round-entry" ? $"{dataset}/main/1" : dataset;
        return new Damage(dataset, l => l.ExecuteAsync(
            $"UPDATE grain_state SET state = {l.ToState(change.Replace("T", l.StateText))} "
            + $"WHERE grain_type = '{type}' AND grain_key = '{key}'"),
            broken ? ("state", $"{type}/{key}") : null);
    }
}
