using Orleans.Storage;
using Winnow.Adapters.Ledger;
using Winnow.Grains;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Training;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>What the storage of control grains keeps to, whatever ledger it stands on. Inherit it for a new one.</summary>
public abstract class GrainStorageConformance : IAsyncLifetime
{
    private static readonly GrainId Grain = GrainId.Create("dataset", "cats");

    private LedgerGrainStorage _storage = null!;

    private protected IGrainStateStore Store { get; private set; } = null!;

    private protected abstract Task<IGrainStateStore> OpenAsync();

    protected abstract Task CloseAsync();

    public async Task InitializeAsync()
    {
        Store = await OpenAsync();
        _storage = new LedgerGrainStorage(Store, "control");
    }

    public virtual Task DisposeAsync() => CloseAsync();

    /// <summary>A grain's own record, which no generated contract knows, with records of the model in it.</summary>
    public sealed class ControlState
    {
        public int Number { get; set; }
        public List<DatasetVersion> Versions { get; set; } = [];
        public Dictionary<string, LabelSchema> Schemas { get; set; } = [];
        public StartRound? Round { get; set; }
        public Inner? Nested { get; set; }

        public sealed record Inner(string Text, TimeSpan Span, Guid Operation);
    }

    private sealed class Kept<T> : IGrainState<T> where T : new()
    {
        [System.Diagnostics.CodeAnalysis.AllowNull]
        public T State { get; set => field = value ?? new T(); } = new();
        public string? ETag { get; set; }
        public bool RecordExists { get; set; }
    }

    private async Task<Kept<ControlState>> ReadAsync(GrainId? grain = null, string name = "state")
    {
        var state = new Kept<ControlState>();
        await _storage.ReadStateAsync(name, grain ?? Grain, state);
        return state;
    }

    private async Task RestartAsync()
    {
        await CloseAsync();
        await InitializeAsync();
    }

    [Fact]
    public async Task Records_are_written_one_by_one_and_read_by_their_owner()
    {
        var (records, never) = (new StoredRecords(Store), CancellationToken.None);
        StartRound Round(int size) => new(size);
        // Names of which one begins another, and characters that stand beside '/'.
        foreach (var owner in new[] { "cats", "cats-2", "cat", "cats0", "cats." })
            foreach (var number in new[] { 2, 10, 1 })
                Assert.Equal(1, await records.WriteAsync("noted", $"{owner}/{number}", null, Round(number), never));
        var found = await records.ReadAllAsync<StartRound>("noted", "cats", never);
        Assert.Equal([("cats/1", 1), ("cats/10", 10), ("cats/2", 2)], found.Select(f => (f.Key, f.State.BatchSize)));
        Assert.Empty(await records.ReadAllAsync<StartRound>("noted", "ca", never));
        Assert.Empty(await records.ReadAllAsync<StartRound>("other", "cats", never));

        Assert.Equal(2, await records.WriteAsync("noted", "cats/2", 1, Round(22), never));
        await Assert.ThrowsAsync<InconsistentStateException>(() => records.WriteAsync("noted", "cats/2", 1, Round(23), never));
        await Assert.ThrowsAsync<InconsistentStateException>(() => records.WriteAsync("noted", "cats/2", null, Round(23), never));
        Assert.Equal((22, 2L),
            await records.ReadAsync<StartRound>("noted", "cats/2", never) is { } r ? (r.State.BatchSize, r.Version) : default);
        Assert.Null(await records.ReadAsync<StartRound>("noted", "cats/3", never));
        // What was discarded is not there, and can be written anew; who knew it before cannot overwrite that.
        await Store.WriteAsync(new GrainStateKey("noted", "cats/2", "noted"), 2, null, never);
        Assert.Equal(2, (await records.ReadAllAsync<StartRound>("noted", "cats", never)).Count);
        Assert.Equal(4, await records.WriteAsync("noted", "cats/2", null, Round(24), never));
        await Assert.ThrowsAsync<InconsistentStateException>(() => records.WriteAsync("noted", "cats/2", 2, Round(25), never));
    }

    [Fact]
    public async Task A_state_that_was_never_written_is_new()
    {
        var state = await ReadAsync();
        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.Equal(0, state.State.Number);
    }

    [Fact]
    public async Task A_state_comes_back_whole()
    {
        var state = await ReadAsync();
        state.State.Number = 42;
        state.State.Versions.Add(new DatasetVersion(1, "ünï", LedgerRows.Noon, "ada", 10, 3, "00ff", null));
        state.State.Schemas["x"] = LedgerRows.Dataset().Schema;
        state.State.Nested = new ControlState.Inner("t", TimeSpan.FromMilliseconds(1500), LedgerRows.Operation(3));
        await _storage.WriteStateAsync("state", Grain, state);
        Assert.True(state.RecordExists);
        await RestartAsync();
        var read = await ReadAsync();
        Assert.True(read.RecordExists);
        Assert.Equal(state.ETag, read.ETag);
        Assert.Equal(42, read.State.Number);
        Assert.Equal(state.State.Versions, read.State.Versions);
        Assert.Equal(state.State.Schemas["x"].Classes, read.State.Schemas["x"].Classes);
        Assert.Equal(state.State.Nested, read.State.Nested);
    }

    [Fact]
    public async Task A_state_of_the_model_itself_is_kept_too()
    {
        var state = new Kept<RecordState> { State = new RecordState(new DatasetVersion(2, null, LedgerRows.Noon, "ada", 1, 1, "ff", 1)) };
        await _storage.WriteStateAsync("model", Grain, state);
        var read = new Kept<RecordState>();
        await _storage.ReadStateAsync("model", Grain, read);
        Assert.Equal(state.State, read.State);
    }

    public sealed record RecordState(DatasetVersion? Version)
    {
        public RecordState() : this((DatasetVersion?)null) { }
    }

    [Fact]
    public async Task Every_write_takes_the_next_version_and_an_older_one_is_refused()
    {
        var first = await ReadAsync();
        var second = await ReadAsync();
        await _storage.WriteStateAsync("state", Grain, first);
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync("state", Grain, second));
        second = await ReadAsync();
        second.State.Number = 2;
        await _storage.WriteStateAsync("state", Grain, second);
        first.State.Number = 1;
        var refused = await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync("state", Grain, first));
        Assert.Equal((second.ETag, first.ETag), (refused.StoredEtag, refused.CurrentEtag));
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync("state", Grain, first));
        Assert.Equal(2, (await ReadAsync()).State.Number);
    }

    [Fact]
    public async Task A_cleared_state_is_gone_and_no_old_writer_matches_it()
    {
        var state = await ReadAsync();
        state.State.Number = 5;
        await _storage.WriteStateAsync("state", Grain, state);
        var old = await ReadAsync();
        await _storage.ClearStateAsync("state", Grain, state);
        Assert.False(state.RecordExists);
        await RestartAsync();
        var read = await ReadAsync();
        Assert.False(read.RecordExists);
        Assert.Equal(0, read.State.Number);
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync("state", Grain, old));
        await _storage.WriteStateAsync("state", Grain, read);
        Assert.True((await ReadAsync()).RecordExists);
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync("state", Grain, old));
    }

    [Fact]
    public async Task Clearing_what_was_never_written_writes_nothing()
    {
        var state = await ReadAsync();
        await _storage.ClearStateAsync("state", Grain, state);
        Assert.Null(state.ETag);
        await _storage.WriteStateAsync("state", Grain, await ReadAsync());
    }

    [Fact]
    public async Task Type_key_and_name_all_tell_states_apart()
    {
        (GrainId Grain, string Name)[] keys =
        [
            (GrainId.Create("dataset", "020235"), "state"),
            (GrainId.Create("dataset", "20235"), "state"), // read as numbers, these two would be one
            (GrainId.Create("round", "20235"), "state"),
            (GrainId.Create("dataset", "20235"), "other"),
            (GrainId.Create("dataset", "CATS"), "state"),
            (GrainId.Create("dataset", "cats"), "state"),
            (GrainId.Create("dataset", "cats/main/3"), "state"),
            (GrainId.Create("dataset", "cäts ü"), "state"),
        ];
        for (var i = 0; i < keys.Length; i++)
        {
            var state = await ReadAsync(keys[i].Grain, keys[i].Name);
            Assert.False(state.RecordExists);
            state.State.Number = i + 1;
            await _storage.WriteStateAsync(keys[i].Name, keys[i].Grain, state);
        }
        for (var i = 0; i < keys.Length; i++) Assert.Equal(i + 1, (await ReadAsync(keys[i].Grain, keys[i].Name)).State.Number);
    }

    [Fact]
    public async Task Of_many_writers_of_one_version_one_wins()
    {
        await _storage.WriteStateAsync("state", Grain, await ReadAsync());
        var writers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => ReadAsync()));
        var won = await Task.WhenAll(writers.Select(async (state, i) =>
        {
            state.State.Number = i + 1;
            try
            {
                await _storage.WriteStateAsync("state", Grain, state);
                return i + 1;
            }
            catch (InconsistentStateException)
            {
                return 0;
            }
        }));
        var winner = Assert.Single(won, n => n > 0);
        Assert.Equal(winner, (await ReadAsync()).State.Number);
    }
}
