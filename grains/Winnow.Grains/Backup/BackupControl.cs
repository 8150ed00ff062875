using System.Text.Json;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Training;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Policies;
using Winnow.Model.Training;

namespace Winnow.Grains.Backup;

/// <summary>The control state of a dataset: learning, rounds, models, versions.</summary>
/// <param name="Dataset">Its own state.</param>
/// <param name="Rounds">The state of each round, in the order of the dataset's list; null where a round had not begun.</param>
internal sealed record BackupControl(DatasetState Dataset, IReadOnlyList<RoundState?> Rounds)
{
    private const string DatasetGrain = ControlStorage.Dataset;
    private const string RoundGrain = ControlStorage.Round;
    private const int Tries = 100;

    /// <summary>
    /// Reads it all as it stood at one moment: the dataset's state and records are the same before and after those of its rounds. A round's
    /// state is written after its effects, so the rows that are read later hold whatever it speaks of, as they do after a crash. What is
    /// kept apart is joined to the states, as earlier releases had it.
    /// </summary>
    /// <exception cref="IOException">It changed all the time.</exception>
    public static async Task<BackupControl> ReadAsync(IGrainStateStore states, string dataset, CancellationToken cancellationToken)
    {
        for (var i = 0; i < Tries; i++)
        {
            var (before, versions) = await ReadDatasetAsync(states, dataset, cancellationToken).ConfigureAwait(false);
            var rounds = new List<RoundState?>();
            foreach (var round in before.Rounds)
                rounds.Add(await ReadRoundAsync(states, KeyOf(dataset, round), cancellationToken).ConfigureAwait(false));
            var after = (await ReadDatasetAsync(states, dataset, cancellationToken).ConfigureAwait(false)).Versions;
            if (after.SequenceEqual(versions)) return new BackupControl(before, rounds);
        }
        throw new IOException($"The rounds of dataset '{dataset}' changed {Tries} times while they were read. Begin the backup again.");
    }

    private static async Task<(DatasetState State, List<(string Key, long? Version)> Versions)> ReadDatasetAsync(
        IGrainStateStore states, string dataset, CancellationToken cancellationToken)
    {
        var (state, version) = await ReadAsync<DatasetState>(states, KeyOf(dataset), cancellationToken).ConfigureAwait(false);
        var versions = new List<(string, long?)> { (dataset, version) };
        async Task<List<T>> RecordsAsync<T>(string kind)
        {
            var found = await states.ReadAllAsync(kind, dataset, cancellationToken).ConfigureAwait(false);
            versions.AddRange(found.Select(f => ($"{kind}/{f.GrainKey}", (long?)f.State.Version)));
            return [.. found.Select(f => StoredStates.Read<T>(new GrainStateKey(kind, f.GrainKey, kind), f.State))];
        }

        state ??= new DatasetState();
        state.Join(
            await RecordsAsync<RoundEntry>(ControlStorage.RoundEntry).ConfigureAwait(false),
            await RecordsAsync<VersionEntry>(ControlStorage.Version).ConfigureAwait(false),
            await RecordsAsync<DatasetPolicies>(ControlStorage.Policies).ConfigureAwait(false),
            await RecordsAsync<SchemaEntry>(ControlStorage.Schema).ConfigureAwait(false));
        return (state, versions);
    }

    private static async Task<RoundState?> ReadRoundAsync(IGrainStateStore states, GrainStateKey key, CancellationToken cancellationToken)
    {
        var (round, _) = await ReadAsync<RoundState>(states, key, cancellationToken).ConfigureAwait(false);
        var selection = new GrainStateKey(ControlStorage.Selection, key.GrainKey, ControlStorage.Selection);
        round?.Join((await ReadAsync<RoundSelection>(states, selection, cancellationToken).ConfigureAwait(false)).State);
        if (round?.SelectedCount is not null)
        {
            // It was set aside and discarded: nobody could check that the round asks about what it chose.
            round.SelectedCount = null;
            if (round.Step < RoundStep.Done)
                (round.Step, round.Reason) = (RoundStep.Failed, "What it chose could not be read, and was discarded.");
        }
        return round;
    }

    /// <summary>All states, for the grains of a dataset of this name: whole, so that silos of either release read them.</summary>
    public IReadOnlyList<ControlState> ToStates(string dataset)
    {
        var states = new List<ControlState> { StateOf(KeyOf(dataset), Dataset) };
        for (var i = 0; i < Rounds.Count; i++)
            if (Rounds[i] is { } round) states.Add(StateOf(KeyOf(dataset, Dataset.Rounds[i]), round));
        return states;
    }

    /// <summary>The same with every object key put through <paramref name="change"/>.</summary>
    public BackupControl WithKeys(Func<string, string> change)
    {
        string? Changed(string? key) => key is null ? null : change(key);
        var copy = Copy(Dataset);
        (copy.Learning.ProjectionKey, copy.Learning.HeadKey) = (Changed(copy.Learning.ProjectionKey), Changed(copy.Learning.HeadKey));
        foreach (var backbone in copy.Backbones.All)
            (backbone.ProjectionKey, backbone.HeadKey) = (Changed(backbone.ProjectionKey), Changed(backbone.HeadKey));
        foreach (var round in copy.Rounds) round.HeadKey = Changed(round.HeadKey);
        foreach (var version in copy.Versions) version.ManifestKey = change(version.ManifestKey);
        var rounds = new List<RoundState?>();
        foreach (var round in Rounds)
        {
            var changed = round is null ? null : Copy(round);
            if (changed is not null) (changed.ProjectionKey, changed.HeadKey) = (Changed(changed.ProjectionKey), Changed(changed.HeadKey));
            rounds.Add(changed);
        }
        return new BackupControl(copy, rounds);
    }

    /// <summary>The same, with a mark at whatever this server has not seen itself and no restoration before this one told.</summary>
    public BackupControl WithTold(int restoration)
    {
        string? Told(string? actor) => actor is null || ActorName.Read(actor).Told is not null ? actor
            : ActorName.WriteTold(actor, restoration);
        var copy = Copy(Dataset);
        foreach (var version in copy.Versions) version.Version = version.Version with { Told = version.Version.Told ?? restoration };
        foreach (var backbone in copy.Backbones.All) backbone.AddedBy = Told(backbone.AddedBy);
        copy.Backbones.Operations = [.. copy.Backbones.Operations.Select(o => o with { By = Told(o.By)! })];
        foreach (var round in copy.Rounds)
        {
            round.StartedBy = Told(round.StartedBy);
            if (round.Ended is { } ended) round.Ended = ended with { Told = ended.Told ?? restoration };
        }
        foreach (var schema in copy.Schemas) schema.Version = schema.Version with { Told = schema.Version.Told ?? restoration };
        copy.Policies = [.. copy.Policies.Select(p => p with { Told = p.Told ?? restoration })];
        var rounds = Rounds.Select(r => r is null ? null : Copy(r)).ToList();
        foreach (var round in rounds)
            if (round is not null) round.StartedBy = Told(round.StartedBy);
        return new BackupControl(copy, rounds);
    }

    /// <summary>
    /// The same, without what it cannot go on with because an object is not there: learning begins anew from where it can, a model without
    /// its head is no champion, and a round that was under way and needs what was lost has failed.
    /// </summary>
    /// <param name="isThere">Whether there is an object of this key, and one that can be used.</param>
    /// <param name="now">When rounds fail.</param>
    public BackupControl WithoutLost(Func<string, bool> isThere, DateTimeOffset now)
    {
        bool Lost(string? key) => key is not null && !isThere(key);
        var copy = Copy(Dataset);
        if (Lost(copy.Learning.ProjectionKey)) copy.Learning.ProjectionKey = null;
        if (copy.Learning.ProjectionKey is null || Lost(copy.Learning.HeadKey))
            (copy.Learning.HeadKey, copy.Learning.ModelName) = (null, null);
        foreach (var backbone in copy.Backbones.All)
        {
            // Its projection is fitted again before it can be switched to.
            if (Lost(backbone.ProjectionKey)) (backbone.ProjectionKey, backbone.Stage) = (null, BackboneStage.Making);
            if (backbone.ProjectionKey is null || Lost(backbone.HeadKey)) (backbone.HeadKey, backbone.ModelName) = (null, null);
        }
        foreach (var round in copy.Rounds)
            if (round.Promoted == true && Lost(round.HeadKey)) round.Promoted = false;
        var rounds = Rounds.Select(r => r is null ? null : Copy(r)).ToList();
        foreach (var round in rounds)
        {
            if (round is null || round.Step >= RoundStep.Done || (!Lost(round.ProjectionKey) && !Lost(round.HeadKey))) continue;
            (round.Step, round.EndedAt) = (RoundStep.Failed, now);
            round.Reason = "The backup that it was restored from does not hold the projection or the head that this round was at. "
                + "Start another round: labels are kept.";
        }
        return new BackupControl(copy, rounds);
    }

    /// <summary>
    /// Tasks that the control state speaks of. Those of a later round, or of one that had not chosen yet, would count against a round that
    /// chooses anew.
    /// </summary>
    public Func<TaskRow, bool> KnownTasks()
    {
        var asked = new HashSet<(string, int)>();
        for (var i = 0; i < Rounds.Count; i++)
            if (Rounds[i] is { Selected.Count: > 0 }) asked.Add((Dataset.Rounds[i].Arm, Dataset.Rounds[i].Number));
        return task => task.Arm switch
        {
            Arms.Audit => Dataset.Learning.AuditDrawn,
            var arm when Arms.IsWithoutRounds(arm) => true,
            _ => asked.Contains((task.Arm, task.Round)),
        };
    }

    public static byte[] ToJson<T>(T state) => JsonSerializer.SerializeToUtf8Bytes(state, StoredStates.Json);

    public static T FromJson<T>(byte[] json) =>
        JsonSerializer.Deserialize<T>(json, StoredStates.Json) ?? throw new JsonException("It is null.");

    private static T Copy<T>(T state) => FromJson<T>(ToJson(state));

    private static ControlState StateOf<T>(GrainStateKey key, T state) => new(key.GrainType, key.GrainKey, key.Name, ToJson(state));

    private static GrainStateKey KeyOf(string dataset) => new(DatasetGrain, dataset, DatasetGrain);

    private static GrainStateKey KeyOf(string dataset, RoundEntry round) =>
        new(RoundGrain, Abstractions.Images.GrainKeys.Round(dataset, round.Arm, round.Number), RoundGrain);

    private static async Task<(T? State, long? Version)> ReadAsync<T>(IGrainStateStore states, GrainStateKey key,
        CancellationToken cancellationToken) where T : class
    {
        var stored = await states.ReadAsync(key, cancellationToken).ConfigureAwait(false);
        return (stored?.State is null ? null : StoredStates.Read<T>(key, stored), stored?.Version);
    }
}
