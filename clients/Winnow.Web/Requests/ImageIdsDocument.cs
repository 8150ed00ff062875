using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Winnow.Model.Images;

namespace Winnow.Web.Requests;

/// <summary>What image ids look like, in the served document: a type with a converter of its own says nothing by itself.</summary>
internal static class ImageIdsDocument
{
    private const string Form = "^img-[a-z2-7]{52}$";

    public static void AddImageIds(this OpenApiOptions document) => document.AddSchemaTransformer((schema, context, _) =>
    {
        var type = context.JsonTypeInfo.Type;
        if (type != typeof(ImageId) && type != typeof(ImageId?)) return Task.CompletedTask;
        schema.Type = type == typeof(ImageId) ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
        schema.Pattern = Form;
        return Task.CompletedTask;
    });
}
