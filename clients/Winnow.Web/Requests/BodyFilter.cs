using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Winnow.Abstractions.Datasets;
using Winnow.Json;
using Winnow.Model;

namespace Winnow.Web.Requests;

/// <summary>
/// Puts <see cref="BodyCheck"/> between the serializer and every handler that takes a body, and gives the handler its texts clean.
/// </summary>
internal static class BodyFilter
{
    public static EndpointFilterDelegate Make(EndpointFilterFactoryContext context, EndpointFilterDelegate next)
    {
        var json = context.ApplicationServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var parameters = context.MethodInfo.GetParameters();
        var at = Array.FindIndex(parameters, p => ModelJson.Default.GetTypeInfo(p.ParameterType) is { Kind: not JsonTypeInfoKind.None });
        var body = at < 0 ? null : json.GetTypeInfo(parameters[at].ParameterType);
        var answer = AnswerOf(context.MethodInfo, json);
        return async call =>
        {
            if (body is not null && call.Arguments[at] is { } sent)
            {
                if (BodyCheck.Check("body", sent, body) is { } wrong) throw new RefusedException(wrong);
                call.Arguments[at] = TextForms.Clean(sent);
            }
            var result = await next(call);
            // A filtered handler's answer is an object to the framework, which would write it by its own type, not by the declared one.
            return result is null or IResult || answer is null ? result : Results.Json(result, answer);
        };
    }

    private static JsonTypeInfo? AnswerOf(MethodInfo handler, JsonSerializerOptions json)
    {
        var type = handler.ReturnType;
        var wrapper = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        if (wrapper == typeof(Task<>) || wrapper == typeof(ValueTask<>)) type = type.GetGenericArguments()[0];
        return ModelJson.Default.GetTypeInfo(type) is null ? null : json.GetTypeInfo(type);
    }
}
