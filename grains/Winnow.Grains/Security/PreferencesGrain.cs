using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Security;

namespace Winnow.Grains.Security;

/// <summary>How one person has the studio: small, and of nobody else's concern.</summary>
[SiloRole(SiloTraits.Core), GrainType(ControlStorage.Preferences), CollectionAgeLimit(Minutes = 2)]
internal sealed class PreferencesGrain(
    [PersistentState(ControlStorage.Preferences, ControlStorage.Name)] IPersistentState<PreferencesState> state) : Grain, IPreferencesGrain
{
    public Task<Preferences> GetAsync(CancellationToken cancellationToken) => Task.FromResult(state.State.Set ?? new Preferences());

    public async Task<Preferences> SetAsync(Preferences preferences, CancellationToken cancellationToken)
    {
        if (preferences.Check() is { } wrong) throw new RefusedException(wrong);
        var isPlain = preferences is { Theme: null, Keys.Count: 0 };
        if (isPlain && state.State.Set is null) return preferences;
        // Nobody's name stays behind for what they have as everybody has it.
        state.State.Set = isPlain ? null : preferences;
        await state.WriteOrForgetAsync(DeactivateOnIdle);
        return preferences;
    }
}

/// <summary>What one person set; null where nothing is set any more.</summary>
public sealed class PreferencesState : IStoredState
{
    public Preferences? Set { get; set; }

    public string? Check() => Set is null ? null : MemberRules.Within("set", Set.Check());
}
