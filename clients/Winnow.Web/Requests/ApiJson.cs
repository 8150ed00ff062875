using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model;

namespace Winnow.Web.Requests;

/// <summary>
/// JSON as the front door reads and writes it: the model's own form, so that the order of properties does not matter and nulls stand only
/// where the model has them. Stricter than stored JSON, since a mistake that a caller can still mend is told and not passed over: members
/// that nobody knows, in another case too, members that stand twice, and numbers that are written as texts.
/// </summary>
internal static class ApiJson
{
    public static void Configure(JsonSerializerOptions options)
    {
        Restrict(options);
        options.TypeInfoResolverChain.Insert(
            0, ModelJson.Default.WithAddedModifier(DemandKind).WithAddedModifier(TextForms.CleanWhatIsWritten));
    }

    /// <summary>A form of JSON that stands elsewhere in a request than in its body, as strict as there.</summary>
    public static JsonTypeInfo<T> Strict<T>(JsonSerializerContext forms)
    {
        var options = new JsonSerializerOptions(forms.Options) { TypeInfoResolver = forms };
        Restrict(options);
        return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    private static void Restrict(JsonSerializerOptions options)
    {
        var model = ModelJson.Default.Options;
        options.AllowOutOfOrderMetadataProperties = model.AllowOutOfOrderMetadataProperties;
        options.RespectNullableAnnotations = model.RespectNullableAnnotations;
        options.RespectRequiredConstructorParameters = model.RespectRequiredConstructorParameters;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        // By default the framework takes both, and the API's document knows neither.
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
    }

    /// <summary>
    /// A missing discriminator is the caller's mistake, and told with its place like any other; by itself the serializer takes it for the
    /// program's.
    /// </summary>
    private static void DemandKind(JsonTypeInfo type)
    {
        if (type is { Kind: JsonTypeInfoKind.Object, PolymorphismOptions: not null, CreateObject: null } && type.Type.IsAbstract)
            type.CreateObject = () => throw new JsonException();
    }
}
