using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Winnow.Json;
using Winnow.Model.Names;

namespace Winnow.Web.Requests;

/// <summary>
/// Says what is wrong with a request that the framework refuses before any handler has seen it. What the framework says itself names types
/// of this program.
/// </summary>
internal static class BadRequests
{
    /// <summary>The sentence for a refusal of the framework's.</summary>
    public static string Describe(HttpContext context, BadHttpRequestException refusal)
    {
        var body = JsonBodyOf(context.GetEndpoint());
        if (refusal.InnerException is JsonException wrong && body is not null)
            return JsonProblem.Describe("body", wrong, JsonOf(context).GetTypeInfo(body));
        if (refusal.StatusCode != StatusCodes.Status400BadRequest) return Describe(context, refusal.StatusCode);
        return WrongParameter(context) ?? NoBody(context, body) ?? Describe(context, refusal.StatusCode);
    }

    /// <summary>What an operation takes as a body of JSON; null where it takes none.</summary>
    public static Type? JsonBodyOf(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<IAcceptsMetadata>() is { RequestType: { } type } accepts
        && accepts.ContentTypes.Contains("application/json")
            ? type
            : null;

    /// <summary>The sentence for an answer that has none.</summary>
    public static string Describe(HttpContext context, int status) => status switch
    {
        StatusCodes.Status400BadRequest =>
            WrongParameter(context) ?? "The request could not be read to its end: it was cut off, or is not written as HTTP wants it.",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not take {context.Request.Method}.",
        StatusCodes.Status408RequestTimeout => "The request came too slowly and was not waited for. Send it again.",
        StatusCodes.Status413PayloadTooLarge => TooLarge(context),
        StatusCodes.Status415UnsupportedMediaType =>
            $"Send the body with Content-Type: application/json, not {Shown(context.Request.ContentType)}.",
        StatusCodes.Status431RequestHeaderFieldsTooLarge => "The headers of the request are too long.",
        _ => "The request was not taken.",
    };

    private static string TooLarge(HttpContext context)
    {
        var most = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        if (most is not { } bytes) return "The body is too large.";
        return string.Create(CultureInfo.InvariantCulture,
            $"The body has more than the {bytes >> 20} MiB that are taken here. Send it in parts.");
    }

    private static string Shown(string? contentType) => string.IsNullOrEmpty(contentType) ? "without one" : $"'{contentType}'";

    private static string? WrongParameter(HttpContext context)
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint) return null;
        foreach (var parameter in endpoint.Metadata.GetOrderedMetadata<IParameterBindingMetadata>())
        {
            if (!RequestRules.IsSimple(parameter.ParameterInfo.ParameterType)) continue;
            var sent = context.Request.RouteValues.TryGetValue(parameter.Name, out var value)
                ? value?.ToString()
                : context.Request.Query[parameter.Name].ToString();
            if (string.IsNullOrEmpty(sent))
            {
                if (!parameter.IsOptional) return $"The parameter {parameter.Name} is missing in the address.";
                continue;
            }
            var declared = parameter.ParameterInfo.ParameterType;
            var type = JsonOf(context).GetTypeInfo(Nullable.GetUnderlyingType(declared) ?? declared);
            if (type.Type == typeof(DateTimeOffset) && !DateTimeOffset.TryParse(sent, CultureInfo.InvariantCulture, out _))
                return $"{parameter.Name} must be a time such as 2026-01-31T08:00:00Z, not {ShownText.Quote(sent)}.";
            if (type.Type == typeof(Guid) && !Guid.TryParse(sent, out _))
                return $"{parameter.Name} must be an id such as 0f8fad5b-d9cb-469f-a165-70867728950e, not {ShownText.Quote(sent)}.";
            if (type.Type.IsEnum && !Enum.TryParse(type.Type, sent, ignoreCase: true, out _))
                return $"{parameter.Name} must be {JsonShape.Of(type)}, not {ShownText.Quote(sent)}.";
            if (!CanBe(sent, type.Type)) return $"{parameter.Name} must be {JsonShape.Of(type)}, not '{sent}'.";
        }
        return null;
    }

    private static bool CanBe(string text, Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int32 => int.TryParse(text, CultureInfo.InvariantCulture, out _),
        TypeCode.Int64 => long.TryParse(text, CultureInfo.InvariantCulture, out _),
        TypeCode.Boolean => bool.TryParse(text, out _),
        TypeCode.Double => double.TryParse(text, CultureInfo.InvariantCulture, out _),
        _ => true,
    };

    private static string? NoBody(HttpContext context, Type? body)
    {
        if (body is null) return null;
        return JsonProblem.Wrong("body", "$", $"it must be {JsonShape.Of(JsonOf(context).GetTypeInfo(body))}, and is missing or null.");
    }

    private static JsonSerializerOptions JsonOf(HttpContext context) =>
        context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
}
