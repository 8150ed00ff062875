using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model;

namespace Winnow.Client;

/// <summary>Reads what a server answered, and tells a refusal of Winnow from the word of something else at its address.</summary>
internal static class Answers
{
    private const int LongestProblem = 1 << 20;

    /// <summary>The answer's content.</summary>
    /// <exception cref="WinnowApiException">It is not what Winnow answers.</exception>
    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        try
        {
            return await JsonSerializer.DeserializeAsync(stream, type, cancellationToken)
                ?? throw new WinnowApiException(response.StatusCode, $"The server answered {AddressOf(response)} with nothing.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw Unreadable(response.StatusCode, $"answered {AddressOf(response)} with", e);
        }
    }

    /// <summary>One line of an answer that comes line by line.</summary>
    /// <exception cref="WinnowApiException">It is not what Winnow answers.</exception>
    public static T ReadLine<T>(string line, JsonTypeInfo<T> type, string what)
    {
        try
        {
            return JsonSerializer.Deserialize(line, type) ?? throw new JsonException("It is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw Unreadable(HttpStatusCode.OK, $"sent as {what}", e);
        }
    }

    private static WinnowApiException Unreadable(HttpStatusCode status, string did, Exception problem) =>
        new(status,
            $"The server {did} what this client cannot read: {JsonFaults.Describe(problem)} Are both of the same release?", problem);

    /// <summary>Makes sure that it is Winnow that answered well, not a page of something in front of it.</summary>
    /// <exception cref="WinnowApiException">It is a refusal, or such a page.</exception>
    public static async Task CheckAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode && !IsPage(response)) return;
        throw await ProblemOfAsync(response, cancellationToken);
    }

    /// <summary>What a refusal says, as an exception.</summary>
    public static async Task<WinnowApiException> ProblemOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var (said, code) = await DetailOfAsync(response, cancellationToken);
        return new WinnowApiException(response.StatusCode, said ?? Foreign(response)) { Code = code };
    }

    /// <summary>
    /// The reason that a server of Winnow gives, and its name where it has one; null when it is none of those that answered.
    /// </summary>
    private static async Task<(string? Detail, string? Code)> DetailOfAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (IsPage(response) || response.Content.Headers.ContentLength > LongestProblem) return default;
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            using var problem = JsonDocument.Parse(text);
            return TextOf(problem.RootElement, "detail") is { } said ? (said, TextOf(problem.RootElement, "code")) : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static string? TextOf(JsonElement problem, string member) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(member, out var found)
            && found.ValueKind == JsonValueKind.String && found.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>An answer without a reason comes from what stands between, or from another program at the same address.</summary>
    private static string Foreign(HttpResponseMessage response)
    {
        var (address, status) = (AddressOf(response), $"{(int)response.StatusCode} {response.ReasonPhrase}".Trim());
        if (response.Headers.Location is { } elsewhere && (int)response.StatusCode is >= 300 and < 400)
        {
            return $"{address} was answered with {status}, on to {elsewhere}: give the server's address as it is there. "
                + "It is not followed, so that a key goes nowhere but where it was meant for.";
        }
        return response.StatusCode switch
        {
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout =>
                $"What stands before the server answered {address} with {status}: the server itself may be away.",
            HttpStatusCode.RequestEntityTooLarge =>
                $"What stands before the server takes no request of this size ({status} for {address}): "
                + "have its limit raised, or send less at a time.",
            HttpStatusCode.ProxyAuthenticationRequired =>
                $"The proxy on the way to {address} wants a name and password ({status}): put them into its address in the environment.",
            _ => $"{address} was answered with {status}, without a word of Winnow's: "
                + "is the address right, and is the path in it that the server may stand below?",
        };
    }

    private static bool IsPage(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType is "text/html";

    private static string AddressOf(HttpResponseMessage response) =>
        response.RequestMessage?.RequestUri?.GetLeftPart(UriPartial.Path) ?? "A request";
}
