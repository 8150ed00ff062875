using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Abstractions.Health;
using Winnow.Grains.Ports;
using Winnow.Model;

namespace Winnow.Grains;

/// <summary>
/// Reads the states of control grains, and tells those that can be worked with from those that cannot. What cannot is never taken for an
/// empty state: nobody would be let in, but a revoked key would be unknown, and a round that ran would be forgotten.
/// </summary>
public static class StoredStates
{
    /// <summary>More writes than a state can see: a version beyond this was not counted.</summary>
    public const long MostWrites = 1_000_000_000_000_000_000;

    private static readonly Dictionary<string, Type> Kinds =
        ControlStates.All.ToDictionary(k => k.Name, k => k.State, StringComparer.Ordinal);

    /// <summary>
    /// The model's records by their generated contracts, the grains' own states by reflection. The combination keeps both in one form, so
    /// that a record that moves from a state into the model still reads what was written.
    /// </summary>
    public static JsonSerializerOptions Json { get; } = new(ModelJson.Default.Options)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(ModelJson.Default, new DefaultJsonTypeInfoResolver())
            .WithAddedModifier(CarriedMembers.Add),
    };

    /// <summary>A state as it is stored.</summary>
    /// <exception cref="SetAsideException">It cannot be read, or says what cannot be.</exception>
    public static T Read<T>(GrainStateKey key, StoredGrainState stored)
    {
        if (TryRead(typeof(T), stored, out var problem) is T state) return state;
        throw new SetAsideException(
            $"State {key.GrainType}/{key.GrainKey} cannot be read: {problem} It is set aside as it is, and everything else goes on. "
            + "The health page says what to do.");
    }

    /// <summary>
    /// What is wrong with a state, as a sentence; null when nothing is, or when no grain of this program keeps such a state.
    /// </summary>
    public static string? WrongWith(GrainStateKey key, StoredGrainState stored) =>
        stored.State is not null && key.Name == key.GrainType && Kinds.TryGetValue(key.GrainType, out var type)
            && TryRead(type, stored, out var problem) is null ? problem : null;

    private static object? TryRead(Type type, StoredGrainState stored, out string problem)
    {
        problem = "";
        if (stored.Version is < 1 or > MostWrites)
        {
            problem = $"its version is {stored.Version}.";
            return null;
        }
        try
        {
            var state = JsonSerializer.Deserialize(stored.State!, type, Json);
            problem = state is null ? "it is empty." : (state as IStoredState)?.Check() ?? "";
            return problem.Length == 0 ? state : null;
        }
        catch (Exception broken) when (JsonFaults.IsFault(broken))
        {
            problem = JsonFaults.Describe(broken);
            return null;
        }
    }
}
