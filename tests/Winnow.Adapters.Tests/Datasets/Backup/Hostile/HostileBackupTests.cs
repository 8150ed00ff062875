using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Winnow.Abstractions.Datasets;
using Winnow.Grains;
using Winnow.Grains.Backup;
using Winnow.Grains.Datasets;
using Winnow.Grains.Training;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Review;
using Xunit.Abstractions;

namespace Winnow.Adapters.Tests.Datasets.Backup.Hostile;

/// <summary>
/// A backup is a stranger. Every value of every record of a real one is put through every change, found by walking through the JSON, so
/// that a new member is covered by itself; files, lines, objects and the frame around them are changed too. A restore either refuses with
/// one sentence, or makes a dataset that can be worked with.
/// </summary>
/// <remarks><c>WINNOW_MUTATIONS</c> says how many (default 1,500), <c>WINNOW_SEED</c> which.</remarks>
[Trait("kind", "security")]
public sealed class HostileBackupTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Images = HostilePlans.Images;

    /// <summary>
    /// Of the datasets that are restored, all are opened, and one in so many is exported, verified, backed up and restored again.
    /// </summary>
    private const int WholeEvery = 4;

    private const int AtOnce = 4;

    private static readonly CancellationToken Never = CancellationToken.None;

    // What an archive whose frame is broken is told, rather than a file of it.
    private static readonly string[] Frame =
        ["The backup cannot be restored: '", "This is no backup of Winnow", "The backup is cut off", "The backup is damaged",
        "The backup has layout", "The backup holds something other", "The backup goes on after its end", "Class names '"];

    private readonly List<BackupStore> _stores = [];
    private HostileArchive _archive = null!;
    private byte[] _sound = [];

    public async Task InitializeAsync()
    {
        _sound = await HostilePlans.WriteSoundAsync();
        _archive = new HostileArchive(_sound);
        for (var i = 0; i < AtOnce; i++) _stores.Add(BackupStore.OpenSqlite(quick: true));
    }

    public async Task DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
    }

    [Fact]
    public async Task The_backup_that_is_changed_is_sound()
    {
        var restored = await _stores[0].RestoreAsync(_sound);
        Assert.Equal((Images, 1L, 0L), (restored.Images, restored.Missing, restored.Cleaned));
        await new SoundDataset(_stores[0], restored).AssertAsync(whole: true);
        await _stores[0].RemoveAsync("cats");
        Assert.Empty(await _stores[0].Datasets.ListDatasetsAsync(Never));
        // The name is free again.
        await _stores[0].RestoreAsync(_sound);
    }

    [Fact]
    public async Task What_a_refusal_quotes_is_short()
    {
        // Who could not tell, or rejected, left no annotation.
        var (text, type) = _archive.Texts.Where(t => t.Kind == "history entry")
            .SelectMany(t => JsonSites.Of(t.Json), (t, s) => (t, s)).First(found => found.s.Path == "decision.annotations[].type");
        var wordy = JsonSites.Splice(text.Json, type.Start, type.End, $"\"{new string('x', 20_000)}\"");
        Assert.False(await TryAsync(_stores[0], _archive.With(text, wordy), whole: true));
    }

    [Fact]
    public void Each_member_of_each_record_is_in_the_backup_that_is_changed()
    {
        var seen = _archive.Texts.SelectMany(
            t => JsonSites.Of(t.Json).Where(s => s.Kind != JsonTokenType.Null).Select(s => (t.Kind, s.Path))).ToHashSet();
        var missing = new List<string>();
        foreach (var (kind, type) in new (string, Type)[]
        {
            (BackupHeader.FileName, typeof(BackupHeader)), (BackupFiles.Control, typeof(DatasetState)), ("round", typeof(RoundState)),
                ("tasks.jsonl", typeof(TaskLine)),
            ("history.jsonl", typeof(HistoryLine)), ("history entry", typeof(HistoryEntry)), ("segments.jsonl", typeof(SegmentLine)),
                ("operations.jsonl", typeof(OperationLine)),
            ("images.jsonl", typeof(ImageLine)), ("object", typeof(ObjectName)), (BackupFiles.ObjectList, typeof(ObjectLine)),
                ("manifest header", typeof(ManifestHeader)),
            ("manifest", typeof(ManifestRow)), (BackupEnd.FileName, typeof(BackupEnd)),
        })
            foreach (var path in PathsOf(type, "", 0))
                if (!IsNeverThere(path) && !seen.Contains((kind, path)))
                    missing.Add($"{kind}: {path}");
        Assert.True(missing.Count == 0, string.Join(Environment.NewLine, missing));
    }

    /// <summary>
    /// Where it is restored, its shards are those of its creation, its rounds say themselves how they were settled, and each has what it
    /// chose beside it: a backup never has a layout, nor what stands for the others meanwhile. Entries that take others back are restored
    /// in <c>AmendTests</c>, versions with what machines decided in <c>MachineVersionTests</c>.
    /// </summary>
    private static bool IsNeverThere(string path) =>
        path is "dataset.layout" or "settled" or "selectedCount" or "decision.of" or "machine"
            || path.StartsWith("machine.", StringComparison.Ordinal) || path.Contains("layout.", StringComparison.Ordinal)
            || path.StartsWith("settled.", StringComparison.Ordinal) || PastOfNew.Any(p => path.Contains(p, StringComparison.Ordinal));

    // What a change of a schema adds has no past yet.
    private static readonly string[] PastOfNew =
    [
        ".newClass.former", ".newClass.since", ".newClass.retired",
        ".newAttribute.former", ".newAttribute.since", ".newAttribute.retired", ".newAttribute.optionsPast",
    ];

    [Fact]
    public async Task What_a_backup_never_has_is_refused_where_it_stands_in_one()
    {
        var layouts = new[] { new ShardLayout(0, 1_000_000_000), new ShardLayout(0, 2), new ShardLayout(0, ShardLayout.MaxCount) };
        foreach (var layout in layouts)
            await RefusedAsync(BackupHeader.FileName, header => header["dataset"]!["layout"] = Node(layout), "dataset.layout");
        await RefusedAsync("round", round => round["selectedCount"] = 3, "selectedCount");
        // People said so, it says: of a class that the dataset has not, and under a name that nobody can have.
        await RefusedAsync("history entry", entry => entry["actor"] = "service:chief\u202edoctor", "actor",
            entry => entry["decision"]!["annotations"] is JsonArray { Count: > 0 });
        await RefusedAsync("history entry", entry => entry["decision"]!["annotations"]![0]!["class"] = "elephant", "elephant",
            entry => entry["decision"]!["annotations"] is JsonArray { Count: > 0 });
        await RefusedAsync(BackupFiles.Control, control =>
        {
            var rounds = control.Deserialize<DatasetState>(Options)!.Rounds;
            control["settled"] = Node(SettledRound.Of(rounds.First(r => r.Promoted is not null)));
        }, "settled");

        async Task RefusedAsync(string kind, Action<JsonObject> change, string member, Func<JsonObject, bool>? where = null)
        {
            var text = _archive.Texts.First(t => t.Kind == kind && where?.Invoke(JsonNode.Parse(t.Json)!.AsObject()) != false);
            var json = JsonNode.Parse(text.Json)!.AsObject();
            change(json);
            var archive = _archive.With(text, JsonSerializer.SerializeToUtf8Bytes(json));
            var refusal = await Assert.ThrowsAsync<InvalidDataException>(() => _stores[0].RestoreAsync(archive));
            Assert.Contains(member, refusal.Message, StringComparison.Ordinal);
            Assert.Empty(await _stores[0].Datasets.ListDatasetsAsync(Never));
        }
    }

    private static JsonNode? Node<T>(T value) => JsonSerializer.SerializeToNode(value, Options);

    private static readonly JsonSerializerOptions Options =
        new(StoredStates.Json)
        {
            TypeInfoResolver = JsonTypeInfoResolver.Combine(BackupJson.Default, ModelJson.Default, new DefaultJsonTypeInfoResolver())
        };

    private static IEnumerable<string> PathsOf(Type type, string path, int depth)
    {
        var info = Options.GetTypeInfo(type);
        if (depth > 8) yield break;
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object:
                var types = info.PolymorphismOptions is { } kinds ? kinds.DerivedTypes.Select(d => Options.GetTypeInfo(d.DerivedType))
                    .ToArray() : [info];
                foreach (var property in types.SelectMany(t => t.Properties).Where(p => p.Get is not null).DistinctBy(p => p.Name))
                {
                    var name = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
                    yield return name;
                    foreach (var further in PathsOf(
                        Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, name, depth + 1)) yield return further;
                }
                break;
            case JsonTypeInfoKind.Enumerable:
                yield return $"{path}[]";
                foreach (var further in PathsOf(info.ElementType!, $"{path}[]", depth + 1)) yield return further;
                break;
        }
    }

    [Fact]
    public async Task A_changed_backup_is_refused_with_a_sentence_or_makes_a_dataset_that_can_be_worked_with()
    {
        var count = Setting("WINNOW_MUTATIONS", 1_500);
        var seed = (ulong)Setting("WINNOW_SEED", 1);
        var mutations = new HostilePlans(_archive);
        var plans = mutations.Of(count, seed);
        var (next, refused, accepted) = (-1, 0, 0);
        var failures = new List<string>();
        var watch = Stopwatch.StartNew();
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;
        await Task.WhenAll(_stores.Select(store => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var at && at < plans.Count && failures.Count < 20)
            {
                var (what, archive) = mutations.Make(plans[at], seed + (ulong)at);
                try
                {
                    if (await TryAsync(store, archive, whole: at < 2_000 || at % WholeEvery == 0)) Interlocked.Increment(ref accepted);
                    else Interlocked.Increment(ref refused);
                }
                catch (Exception failure)
                {
                    var told = $"{at}: {what}: {failure.GetType().Name}: {failure.Message.ReplaceLineEndings(" ")} {PlaceOf(failure)}";
                    lock (failures) failures.Add(told);
                    foreach (var dataset in await store.Datasets.ListDatasetsAsync(Never)) await store.RemoveAsync(dataset.Name);
                }
                if (at % 64 == 0) most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false) - before);
            }
        })));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{plans.Count} changed backups in {watch.Elapsed.TotalSeconds:0} s ({plans.Count / watch.Elapsed.TotalSeconds:0} a second): "
            + $"{refused} refused, {accepted} restored; memory at most {most >> 20} MiB above the beginning"));
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        // Some of either, or nothing was tried.
        Assert.True(refused > count / 4 && accepted > 0, $"{refused} refused, {accepted} restored");
        Assert.InRange(most, 0, 1L << 30);
        foreach (var store in _stores)
        {
            Assert.Empty(await store.Datasets.ListDatasetsAsync(Never));
            // What a refused try has stored for itself is gone with it.
            var left = Directory.EnumerateFiles(store.ObjectFolder, "*", SearchOption.AllDirectories);
            Assert.DoesNotContain(left,
                f => f.Contains("/restores/", StringComparison.Ordinal) || f.Contains("/segments/", StringComparison.Ordinal));
        }
    }

    private static string? PlaceOf(Exception failure) =>
        failure.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("Winnow", StringComparison.Ordinal))?.Trim();

    /// <summary>Tries to restore an archive; false when it was refused as it should be.</summary>
    private static async Task<bool> TryAsync(BackupStore store, byte[] archive, bool whole)
    {
        RestoredDataset restored;
        try
        {
            restored = await store.RestoreAsync(archive, "cats");
        }
        catch (Exception refusal) when (refusal is InvalidDataException or RefusedException)
        {
            Assert.True(Frame.Any(f => refusal.Message.StartsWith(f, StringComparison.Ordinal)), refusal.Message);
            Assert.InRange(refusal.Message.Length, 20, 1_000);
            Assert.DoesNotContain(refusal.Message, char.IsControl);
            Assert.DoesNotContain("System.", refusal.Message, StringComparison.Ordinal);
            return false;
        }
        await new SoundDataset(store, restored).AssertAsync(whole);
        await store.RemoveAsync("cats");
        Assert.Null(await store.Datasets.FindDatasetAsync("cats", Never));
        return true;
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
            : otherwise;
}
