using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model;

namespace Winnow.Json;

/// <summary>
/// JSON of people and of their programs, read more strictly than what is stored, since a mistake that they can still mend is told and not
/// passed over: members that nobody knows, in another case too, members that stand twice, and numbers that are written as texts.
/// </summary>
internal static class StrictJson
{
    /// <summary>A form of JSON that is read so.</summary>
    public static JsonTypeInfo<T> Of<T>(JsonSerializerContext forms)
    {
        var options = new JsonSerializerOptions(forms.Options)
        {
            TypeInfoResolver = ((IJsonTypeInfoResolver)forms).WithAddedModifier(DemandKind),
        };
        Restrict(options);
        return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }

    public static void Restrict(JsonSerializerOptions options)
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
    public static void DemandKind(JsonTypeInfo type)
    {
        if (type is { Kind: JsonTypeInfoKind.Object, PolymorphismOptions: not null, CreateObject: null } && type.Type.IsAbstract)
            type.CreateObject = () => throw new JsonException();
    }
}
