using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Winnow.Abstractions.Datasets;
using Winnow.Json;
using Winnow.Model.Names;
using Winnow.Web.Security;

namespace Winnow.Web.Requests;

/// <summary>
/// What a request may say beside its body. Parameters that the operation does not know are refused by name, as members of a body are:
/// a mistyped filter would otherwise be answered with everything.
/// </summary>
internal static class RequestRules
{
    private static readonly ConcurrentDictionary<Endpoint, FrozenDictionary<string, TextAttribute>> Known = [];

    /// <summary>Stands behind the security, so that strangers learn nothing of what an operation takes.</summary>
    public static void UseRequestRules(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (PlainPath.Check(context) is { } wrong) throw new RefusedException(wrong);
        if (context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<StrictParameters>() is not null)
            Check(context.Request, endpoint);
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException refusal)
        {
            // Here, where it is still known which operation was asked for.
            throw new NotTakenException(refusal.StatusCode, BadRequests.Describe(context, refusal), refusal);
        }
    });

    private static void Check(HttpRequest request, Endpoint endpoint)
    {
        CheckEncoding(request, endpoint);
        // What buckets are told to call is in the hands of their servers.
        if (endpoint.Metadata.GetMetadata<EndpointRule>() is not { Who: EndpointCallers.All })
            CheckParameters(request.Query, Known.GetOrAdd(endpoint, KnownBy));
    }

    private static void CheckParameters(IQueryCollection query, FrozenDictionary<string, TextAttribute> known)
    {
        foreach (var (name, values) in query)
        {
            if (!known.TryGetValue(name, out var rule))
                throw new RefusedException($"The address has a parameter {ShownText.Quote(name)} that is not known here. "
                    + NearestName.Suggest(name, known.Keys));
            if (values.Count > 1)
                throw new RefusedException($"The parameter {name} stands {values.Count} times in the address; give it once.");
            if (TextRule.Check(values.ToString(), rule) is { } wrong)
                throw new RefusedException($"The parameter {name} of the address is wrong: {wrong}");
        }
    }

    private static void CheckEncoding(HttpRequest request, Endpoint endpoint)
    {
        if (request.Headers.ContentEncoding.ToString() is { Length: > 0 } packed
            && !packed.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw new NotTakenException(StatusCodes.Status415UnsupportedMediaType,
                $"A body is taken as it is, not packed as '{packed}': leave out Content-Encoding.");
        if (!TakesJson(endpoint) || !MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.Charset.HasValue) return;
        var charset = HeaderUtilities.RemoveQuotes(type.Charset).Value;
        if (charset?.ToLowerInvariant() is not ("utf-8" or "us-ascii"))
            throw new NotTakenException(StatusCodes.Status415UnsupportedMediaType, $"JSON is sent as UTF-8, not as '{charset}'.");
    }

    private static bool TakesJson(Endpoint endpoint) => BadRequests.JsonBodyOf(endpoint) is not null;

    private static FrozenDictionary<string, TextAttribute> KnownBy(Endpoint endpoint)
    {
        var route = (endpoint as RouteEndpoint)?.RoutePattern;
        return endpoint.Metadata.GetOrderedMetadata<IParameterBindingMetadata>()
            .Where(p => IsSimple(p.ParameterInfo.ParameterType) && route?.GetParameter(p.Name) is null)
            .ToFrozenDictionary(p => p.Name, p => TextRules.Of(p.ParameterInfo), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether a handler's parameter is a value of the address, and not a service or the body.</summary>
    public static bool IsSimple(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var plain
        && (plain.IsPrimitive || plain == typeof(string) || plain == typeof(DateTimeOffset));
}

/// <summary>Marks operations that take no parameters but those that they declare.</summary>
internal sealed class StrictParameters;
