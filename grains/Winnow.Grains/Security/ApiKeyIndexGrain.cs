using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Security;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Security;

namespace Winnow.Grains.Security;

/// <summary>Which keys there are. What each one is, it knows itself.</summary>
[SiloRole(SiloTraits.Core), GrainType(ControlStorage.ApiKeys)]
internal sealed class ApiKeyIndexGrain(
    [PersistentState(ControlStorage.ApiKeys, ControlStorage.Name)] IPersistentState<ApiKeyIndexState> state) : Grain, IApiKeyIndexGrain
{
    private const int MaxKeys = 10_000;
    private const int AskedAtOnce = 100;

    public async Task CreateAsync(ApiKeyInfo info, byte[] proof, CancellationToken cancellationToken)
    {
        if (state.State.Ids.Count >= MaxKeys) throw new RefusedException($"There are {MaxKeys} keys already.");
        // The id first: a key that is not listed could not be found to be revoked, while an id without its key harms nobody.
        state.State.Ids.Add(info.Id);
        await state.WriteOrForgetAsync(DeactivateOnIdle);
        await GrainFactory.GetGrain<IApiKeyGrain>(info.Id).CreateAsync(info, proof, cancellationToken);
    }

    public async Task<ApiKeyInfo[]> ListAsync(CancellationToken cancellationToken)
    {
        var keys = new List<ApiKeyInfo>();
        foreach (var some in state.State.Ids.ToArray().Chunk(AskedAtOnce))
            keys.AddRange((await Task.WhenAll(some.Select(id => FindAsync(id, cancellationToken)))).OfType<ApiKeyInfo>());
        return [.. keys];
    }

    /// <summary>One that cannot be read opens nothing, and hides none of the others; the health page has it.</summary>
    private async Task<ApiKeyInfo?> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await GrainFactory.GetGrain<IApiKeyGrain>(id).GetAsync(cancellationToken);
        }
        catch (Exception e) when (SetAsideException.Beneath(e) is not null)
        {
            return null;
        }
    }
}
