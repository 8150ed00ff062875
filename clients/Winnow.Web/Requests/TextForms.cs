using System.Text.Json.Serialization.Metadata;
using Winnow.Json;
using Winnow.Model.Names;

namespace Winnow.Web.Requests;

/// <summary>
/// The model's rule for texts (<see cref="TextRule"/>) at the front door. What comes in is refused or cleaned as its member says; what goes
/// out is clean, whichever release stored it, but for what must be the same to the character.
/// </summary>
internal static class TextForms
{
    /// <summary>A body with the texts that people wrote for people as they are kept.</summary>
    public static object Clean(object body) => body switch
    {
        IFreeText one => one.Cleaned(),
        // Lists of commands are bound as arrays or lists: their elements are changed in place.
        IList<Model.Review.SubmitDecision> { IsReadOnly: false } many => CleanEach(many),
        Model.Review.SubmitDecision[] many => CleanEach(many),
        _ => body,
    };

    /// <summary>Has every text of an answer cleaned where it is written.</summary>
    public static void CleanWhatIsWritten(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object) return;
        foreach (var member in type.Properties)
        {
            if (member.PropertyType != typeof(string) || member.Get is not { } get) continue;
            if (TextRules.Of(member.AttributeProvider).Kind == TextKind.Exact) continue;
            member.Get = record => get(record) is string text ? ShownText.Clean(text) : null;
        }
    }

    private static object CleanEach<T>(IList<T> many) where T : IFreeText
    {
        for (var i = 0; i < many.Count; i++) many[i] = (T)many[i].Cleaned();
        return many;
    }
}
