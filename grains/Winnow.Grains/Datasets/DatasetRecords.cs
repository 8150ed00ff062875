using System.Globalization;
using Winnow.Abstractions.Images;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Policies;

namespace Winnow.Grains.Datasets;

/// <summary>
/// What a dataset has more and more of: rounds, versions, policies, versions of the label schema. Memory holds them all; each is a record
/// of its own, so that what changes is written alone, however many there are. Those that the last release left in the dataset's state are
/// moved out of it with the next change.
/// </summary>
/// <param name="records">Where they are kept.</param>
/// <param name="level">Whether they may be: beside a silo of the last release rounds and versions stay in the state.</param>
/// <param name="dataset">Whose they are.</param>
/// <param name="state">The dataset's state.</param>
internal sealed class DatasetRecords(IControlRecords records, KnownLevel level, DatasetInfo dataset, IPersistentState<DatasetState> state)
{
    private const int AtOnce = 256;

    private readonly Dictionary<(string Kind, string Key), long> _stored = [];

    /// <summary>All rounds, in the order in which they were started.</summary>
    public List<RoundEntry> Rounds { get; private set; } = [];

    /// <summary>All versions, oldest first.</summary>
    public List<VersionEntry> Versions { get; private set; } = [];

    /// <summary>All policies, oldest first: the first are those of the dataset's creation, and the last hold.</summary>
    public List<DatasetPolicies> Policies { get; private set; } = [];

    /// <summary>All versions of the label schema, oldest first: the first is that of the dataset's creation, and the last holds.</summary>
    public List<SchemaEntry> Schemas { get; private set; } = [];

    /// <summary>The latest promoted round of an arm in the space that serves: a model of another has nothing to say in it.</summary>
    public RoundEntry? ChampionOf(string arm) => state.State.ChampionOf(Rounds, arm, Schemas[^1].Version.Schema);

    /// <summary>Reads what is stored. What this held before is forgotten.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        _stored.Clear();
        var rounds = await ReadAsync<RoundEntry>(ControlStorage.RoundEntry, cancellationToken);
        var versions = await ReadAsync<VersionEntry>(ControlStorage.Version, cancellationToken);
        var policies = await ReadAsync<DatasetPolicies>(ControlStorage.Policies, cancellationToken);
        var schemas = state.State.JoinedSchemas(await ReadAsync<SchemaEntry>(ControlStorage.Schema, cancellationToken));
        Schemas = schemas.Count > 0 ? schemas : [new SchemaEntry { Version = SchemaVersion.First(dataset) }];
        (Rounds, Versions) = (state.State.JoinedRounds(rounds), state.State.JoinedVersions(versions));
        Policies = [DatasetPolicies.First(dataset), .. state.State.JoinedPolicies(policies)];
    }

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string kind, CancellationToken cancellationToken) where T : class
    {
        var found = await records.ReadAllAsync<T>(kind, dataset.Name, cancellationToken);
        foreach (var record in found) _stored[(kind, record.Key)] = record.Version;
        return [.. found.Select(r => r.State)];
    }

    /// <summary>A new round, or one that has changed.</summary>
    public async Task SaveAsync(RoundEntry round)
    {
        if (!Rounds.Contains(round))
        {
            round.Place = Rounds.Count == 0 ? 0 : Rounds[^1].Place + 1;
            Rounds.Add(round);
        }
        await MoveAsync();
        if (level.KeepsRecords || _stored.ContainsKey((ControlStorage.RoundEntry, KeyOf(round)))) await WriteAsync(round);
        else await KeepAsync(state.State.Rounds, round);
    }

    /// <summary>
    /// A round whose model was settled, together with what follows from it in the dataset's own state: both are told, or neither.
    /// </summary>
    public async Task SettleAsync(RoundEntry round)
    {
        await MoveAsync();
        if (!state.State.Rounds.Contains(round)) state.State.Settled = SettledRound.Of(round);
        await state.WriteStateAsync(CancellationToken.None);
        if (!state.State.Rounds.Contains(round)) await WriteAsync(round);
    }

    /// <summary>A new version.</summary>
    public async Task SaveAsync(VersionEntry version)
    {
        Versions.Add(version);
        await MoveAsync();
        if (level.KeepsRecords) await WriteAsync(version);
        else await KeepAsync(state.State.Versions, version);
    }

    /// <summary>New policies.</summary>
    public async Task SaveAsync(DatasetPolicies policies)
    {
        await MoveAsync();
        await WriteAsync(policies);
        Policies.Add(policies);
    }

    /// <summary>A new version of the label schema. That of the dataset's creation is written with the first that follows it.</summary>
    public async Task SaveAsync(SchemaEntry schema)
    {
        await MoveAsync();
        if (Schemas.Count == 1) await WriteAsync(Schemas[0]);
        await WriteAsync(schema);
        Schemas.Add(schema);
    }

    private Task KeepAsync<T>(List<T> kept, T one)
    {
        if (!kept.Contains(one)) kept.Add(one);
        return state.WriteStateAsync(CancellationToken.None);
    }

    /// <summary>
    /// Moves out of the state what the last release kept there. Done again after a crash: until the state is written, what it says
    /// counts.
    /// </summary>
    private async Task MoveAsync()
    {
        var kept = state.State;
        if ((kept.Rounds.Count == 0 && kept.Versions.Count == 0 && kept.Policies.Count == 0 && kept.Schemas.Count == 0)
            || !level.KeepsRecords) return;
        foreach (var some in kept.Rounds.Chunk(AtOnce)) await Task.WhenAll(some.Select(WriteAsync));
        foreach (var some in kept.Versions.Chunk(AtOnce)) await Task.WhenAll(some.Select(WriteAsync));
        foreach (var some in kept.Policies.Chunk(AtOnce)) await Task.WhenAll(some.Select(WriteAsync));
        foreach (var some in kept.Schemas.Chunk(AtOnce)) await Task.WhenAll(some.Select(WriteAsync));
        (kept.Rounds, kept.Versions, kept.Policies, kept.Schemas) = ([], [], [], []);
        await state.WriteStateAsync(CancellationToken.None);
    }

    private Task WriteAsync(RoundEntry round) => WriteAsync(ControlStorage.RoundEntry, KeyOf(round), round);

    private Task WriteAsync(VersionEntry version) => WriteAsync(ControlStorage.Version, KeyOf(version.Version.Number), version);

    private Task WriteAsync(DatasetPolicies policies) => WriteAsync(ControlStorage.Policies, KeyOf(policies.Version), policies);

    private Task WriteAsync(SchemaEntry schema) => WriteAsync(ControlStorage.Schema, KeyOf(schema.Version.Number), schema);

    private async Task WriteAsync<T>(string kind, string key, T one) where T : class
    {
        long? known = _stored.TryGetValue((kind, key), out var version) ? version : null;
        _stored[(kind, key)] = await records.WriteAsync(kind, key, known, one, CancellationToken.None);
    }

    private string KeyOf(RoundEntry round) => GrainKeys.Round(dataset.Name, round.Arm, round.Number);

    private string KeyOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{dataset.Name}/{number}");
}
