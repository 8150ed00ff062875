using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Winnow.Model.Labels;

namespace Winnow.Web.Requests;

/// <summary>Writes into the OpenAPI document what values may be that the type of a member does not tell.</summary>
internal static class ValuesDocument
{
    public static void AddValues(this OpenApiOptions document) => document.AddSchemaTransformer((schema, context, _) =>
    {
        if (context.JsonTypeInfo.Type != typeof(IReadOnlyDictionary<string, AttributeValue>)) return Task.CompletedTask;
        schema.AdditionalProperties = new OpenApiSchema
        {
            AnyOf =
            [
                new OpenApiSchema { Type = JsonSchemaType.String },
                new OpenApiSchema { Type = JsonSchemaType.Number },
                new OpenApiSchema { Type = JsonSchemaType.Boolean },
                new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            ],
        };
        return Task.CompletedTask;
    });
}
