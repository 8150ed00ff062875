using System.Text.Json;
using Winnow.Adapters.Ledger;
using Winnow.Grains.Datasets;
using Winnow.Grains.Ports;
using Winnow.Grains.Training;

namespace Winnow.Adapters.Datasets.Backup;

/// <summary>The control state of a dataset: learning, rounds, models, versions.</summary>
/// <param name="Dataset">Its own state.</param>
/// <param name="Rounds">The state of each round, in the order of the dataset's list; null where a round had not begun.</param>
internal sealed record BackupControl(DatasetState Dataset, IReadOnlyList<RoundState?> Rounds)
{
    private const string DatasetGrain = "dataset";
    private const string RoundGrain = "round";
    private const int Tries = 100;

    /// <summary>
    /// Reads it all as it stood at one moment: the dataset's state is the same before and after those of its rounds. A round's state is written after its
    /// effects, so the rows that are read later hold whatever it speaks of, as they do after a crash.
    /// </summary>
    /// <exception cref="IOException">It changed all the time.</exception>
    public static async Task<BackupControl> ReadAsync(IGrainStateStore states, string dataset, CancellationToken cancellationToken)
    {
        for (var i = 0; i < Tries; i++)
        {
            var (before, version) = await ReadAsync<DatasetState>(states, KeyOf(dataset), cancellationToken).ConfigureAwait(false);
            var rounds = new List<RoundState?>();
            foreach (var round in before?.Rounds ?? [])
                rounds.Add((await ReadAsync<RoundState>(states, KeyOf(dataset, round), cancellationToken).ConfigureAwait(false)).State);
            if (await states.ReadAsync(KeyOf(dataset), cancellationToken).ConfigureAwait(false) is var after && after?.Version == version) return new BackupControl(before ?? new DatasetState(), rounds);
        }
        throw new IOException($"The rounds of dataset '{dataset}' changed {Tries} times while they were read. Begin the backup again.");
    }

    /// <summary>All states, for the grains of a dataset of this name.</summary>
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

    /// <summary>Tasks that the control state speaks of. Those of a later round, or of one that had not chosen yet, would count against a round that chooses anew.</summary>
    public Func<TaskRow, bool> KnownTasks()
    {
        var asked = new HashSet<(string, int)>();
        for (var i = 0; i < Rounds.Count; i++)
            if (Rounds[i] is { Selected.Count: > 0 }) asked.Add((Dataset.Rounds[i].Arm, Dataset.Rounds[i].Number));
        return task => task.Arm == Model.Training.Arms.Audit ? Dataset.Learning.AuditDrawn : asked.Contains((task.Arm, task.Round));
    }

    public static byte[] ToJson<T>(T state) => JsonSerializer.SerializeToUtf8Bytes(state, LedgerGrainStorage.Json);

    public static T FromJson<T>(byte[] json) => JsonSerializer.Deserialize<T>(json, LedgerGrainStorage.Json) ?? throw new JsonException("It is null.");

    private static T Copy<T>(T state) => FromJson<T>(ToJson(state));

    private static ControlState StateOf<T>(GrainStateKey key, T state) => new(key.GrainType, key.GrainKey, key.Name, ToJson(state));

    private static GrainStateKey KeyOf(string dataset) => new(DatasetGrain, dataset, DatasetGrain);

    private static GrainStateKey KeyOf(string dataset, RoundEntry round) => new(RoundGrain, Abstractions.Images.GrainKeys.Round(dataset, round.Arm, round.Number), RoundGrain);

    private static async Task<(T? State, long? Version)> ReadAsync<T>(IGrainStateStore states, GrainStateKey key, CancellationToken cancellationToken) where T : class
    {
        var stored = await states.ReadAsync(key, cancellationToken).ConfigureAwait(false);
        return (stored?.State is { } json ? FromJson<T>(json) : null, stored?.Version);
    }
}
