using System.Text;
using Winnow.Grains.Ports;
using static Winnow.Adapters.Tests.Ledger.LedgerRows;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>A ledger that a test opens, and opens again as after a restart.</summary>
public interface ILedgerFixture
{
    /// <summary>Opens the ledger of this test; a second call opens what the first left.</summary>
    Task<ILedgerPorts> OpenAsync();

    /// <summary>Closes what was opened last.</summary>
    Task CloseAsync();

    /// <summary>
    /// Runs a statement in the ledger's own database past all code of the ledger, as a person with a console would; throws where the
    /// database refuses it.
    /// </summary>
    Task ExecuteAsync(string sql);

    /// <summary>Sets the number of the layout to one that this program does not know yet.</summary>
    string LaterLayout { get; }

    /// <summary>Removes what the test left.</summary>
    Task RemoveAsync();
}

/// <summary>Every port of one open ledger.</summary>
public interface ILedgerPorts
{
    IDatasetLedger Datasets { get; }
    IShardLedger Shards { get; }
    ISecretLedger Secrets { get; }
    IDeletions Deletions { get; }
    IErasures Erasures { get; }
    IActLedger Acts { get; }
    IClusterLevel Level { get; }
    internal IGrainStateStore States { get; }
}

/// <summary>The ports of a ledger that has them all.</summary>
internal sealed class LedgerPorts<T>(T ledger) : ILedgerPorts
    where T : IDatasetLedger, IShardLedger, ISecretLedger, IDeletions, IErasures, IActLedger, IClusterLevel, IGrainStateStore
{
    public IDatasetLedger Datasets => ledger;
    public IShardLedger Shards => ledger;
    public ISecretLedger Secrets => ledger;
    public IDeletions Deletions => ledger;
    public IErasures Erasures => ledger;
    public IActLedger Acts => ledger;
    public IClusterLevel Level => ledger;
    IGrainStateStore ILedgerPorts.States => ledger;
}

/// <summary>
/// What every ledger keeps to stands in a class for each port, which derives from this one. A new ledger derives from each of those with a
/// fixture of its own.
/// </summary>
public abstract class LedgerConformance<TFixture> : IAsyncLifetime
    where TFixture : ILedgerFixture, new()
{
    protected static readonly CancellationToken Never = CancellationToken.None;
    protected static readonly ShardKey Shard = new("cats", 1);

    private readonly TFixture _fixture = new();
    private ILedgerPorts _ports = null!;

    protected IDatasetLedger Datasets => _ports.Datasets;

    protected IShardLedger Shards => _ports.Shards;

    protected ISecretLedger Secrets => _ports.Secrets;

    protected IDeletions Deletions => _ports.Deletions;

    protected IErasures Erasures => _ports.Erasures;

    protected IActLedger Acts => _ports.Acts;

    protected IClusterLevel Level => _ports.Level;

    private protected IGrainStateStore States => _ports.States;

    public async Task InitializeAsync() => _ports = await _fixture.OpenAsync();

    public async Task DisposeAsync()
    {
        await _fixture.CloseAsync();
        await _fixture.RemoveAsync();
    }

    protected Task ExecuteAsync(string sql) => _fixture.ExecuteAsync(sql);

    protected string LaterLayout => _fixture.LaterLayout;

    protected async Task RestartAsync()
    {
        await _fixture.CloseAsync();
        await OpenAgainAsync();
    }

    protected async Task OpenAgainAsync() => _ports = await _fixture.OpenAsync();

    protected async Task<long> OpenShardAsync()
    {
        await Datasets.AddDatasetAsync(Dataset(), Never);
        return (await Shards.OpenShardAsync(Shard, Never)).Epoch;
    }

    protected Task<ShardCommitStatus> CommitAsync(ShardCommit commit) => Shards.CommitAsync(commit, Never);

    protected static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);

    protected Task<long?> PutAsync(string type, string key, string json, long? expected = null) =>
        States.WriteAsync(new GrainStateKey(type, key, type), expected, Json(json), Never);

    protected async Task DeleteAsync(string dataset)
    {
        var deletion = (await Deletions.BeginAsync(dataset, "ada", Noon, Never))!;
        foreach (var shard in await Datasets.ListShardsAsync(deletion.Left, Never))
            while (await Deletions.RemoveRowsAsync(deletion, shard, Never)) { }
        await Deletions.ClearStatesAsync(deletion, Never);
        Assert.True(await Deletions.EndAsync(deletion, Noon, Never));
    }
}
