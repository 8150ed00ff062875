using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Winnow.Grains;

/// <summary>
/// What a newer release wrote into a state and this one does not know is kept with the object that it was read into, and written again with
/// it: a silo of this release that rewrites a state takes nothing away. An object that was made anew, as a record is by <c>with</c>, begins
/// without it; so what a later release adds to such a record belongs into a member of the state beside it.
/// </summary>
internal static class CarriedMembers
{
    private const string Name = "$carried";

    private static readonly ConditionalWeakTable<object, Dictionary<string, JsonElement>> Carried = [];

    /// <summary>Gives every object of the house a place for members that are not known. A modifier of contracts.</summary>
    public static void Add(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || type.Type.IsValueType) return;
        if (type.Type.Namespace?.StartsWith("Winnow.", StringComparison.Ordinal) != true) return;
        if (type.Properties.Any(p => p.IsExtensionData)) return;
        var place = type.CreateJsonPropertyInfo(typeof(Dictionary<string, JsonElement>), Name);
        place.IsExtensionData = true;
        place.Get = static of => Carried.TryGetValue(of, out var members) ? members : null;
        place.Set = static (of, members) => Carried.AddOrUpdate(of, (Dictionary<string, JsonElement>)members!);
        type.Properties.Add(place);
    }
}
