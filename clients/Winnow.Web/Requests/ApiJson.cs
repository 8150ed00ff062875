using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Json;
using Winnow.Model;

namespace Winnow.Web.Requests;

/// <summary>
/// JSON as the front door reads and writes it: the model's own form, so that the order of properties does not matter and nulls stand only
/// where the model has them, and stricter than stored JSON.
/// </summary>
internal static class ApiJson
{
    public static void Configure(JsonSerializerOptions options)
    {
        StrictJson.Restrict(options);
        options.TypeInfoResolverChain.Insert(
            0, ModelJson.Default.WithAddedModifier(StrictJson.DemandKind).WithAddedModifier(TextForms.CleanWhatIsWritten));
    }
}
