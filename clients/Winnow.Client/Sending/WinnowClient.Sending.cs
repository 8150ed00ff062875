using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model.Security;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    private const string OperationHeader = "Idempotency-Key";
    private const string NextHeader = "Winnow-Next";
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    private ServerAddress CurrentServer => _servers[Volatile.Read(ref _current) % _servers.Length];

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, null, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, type, cancellationToken);
    }

    /// <summary>All rows of a list, which a server answers a page at a time where it is long.</summary>
    private async Task<IReadOnlyList<T>> GetAllAsync<T>(
        string path, JsonTypeInfo<IReadOnlyList<T>> type, CancellationToken cancellationToken)
    {
        var all = new List<T>();
        var seen = new PagesSeen();
        var page = path;
        while (true)
        {
            using var response = await SendAsync(
                HttpMethod.Get, page, null, null, HttpCompletionOption.ResponseContentRead, cancellationToken);
            all.AddRange(await ReadAsync(response, type, cancellationToken));
            if (!response.Headers.TryGetValues(NextHeader, out var next)) return all;
            page = $"{path}?after={Uri.EscapeDataString(seen.Next(path, next.First()))}";
        }
    }

    private async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path,
        TBody body,
        JsonTypeInfo<TBody> bodyType,
        JsonTypeInfo<TAnswer> answerType,
        Guid? operationId,
        CancellationToken cancellationToken)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, bodyType);
        using var response = await SendAsync(
            HttpMethod.Post,
            path,
            () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            operationId,
            HttpCompletionOption.ResponseContentRead,
            cancellationToken);
        return await ReadAsync(response, answerType, cancellationToken);
    }

    /// <summary>
    /// Posts once, and for a short time: for what is repeated soon anyway. Where a server of several is away the next call goes to another.
    /// </summary>
    private async Task<TAnswer> PostOnceAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, bodyType))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
        using var response = await AttemptAsync(
            HttpMethod.Post, path, () => content, null, HttpCompletionOption.ResponseContentRead, cancellationToken, timeout);
        await Answers.CheckAsync(response, cancellationToken);
        return await ReadAsync(response, answerType, cancellationToken);
    }

    private static Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        Answers.ReadAsync(response, type, cancellationToken);

    /// <summary>Sends, and repeats where that may help: the body is made anew for each attempt, the operation id stays.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        Func<HttpContent>? body,
        Guid? operationId,
        HttpCompletionOption completion,
        CancellationToken cancellationToken,
        string? accept = null)
    {
        var response = await _retry.SendAsync(
            $"{method} {path}",
            static async (call, ct) => await call.This.AttemptAsync(
                call.Method, call.Path, call.Body, call.Operation, call.Completion, ct, accept: call.Accept),
            (This: this, Method: method, Path: path, Body: body, Operation: operationId, Completion: completion, Accept: accept),
            cancellationToken);
        try
        {
            await Answers.CheckAsync(response, cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> AttemptAsync(
        HttpMethod method,
        string path,
        Func<HttpContent>? body,
        Guid? operationId,
        HttpCompletionOption completion,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null,
        string? accept = null)
    {
        var at = Volatile.Read(ref _current);
        var server = _servers[at % _servers.Length];
        using var request = NewRequest(method, server.At(path), body?.Invoke());
        if (operationId is { } id) request.Headers.Add(OperationHeader, id.ToString());
        if (accept is not null) request.Headers.Accept.ParseAdd(accept);
        try
        {
            var response = await OnceAsync(request, server.Uri, completion, timeout ?? _options.Timeout, cancellationToken);
            if (Retries.IsAway(response.StatusCode)) TurnFrom(at);
            return response;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            TurnFrom(at);
            throw;
        }
    }

    /// <summary>Sends once. Whatever comes in the place of an answer says so in a sentence of its own.</summary>
    /// <exception cref="HttpRequestException">There was no connection, or it broke.</exception>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    private async Task<HttpResponseMessage> OnceAsync(
        HttpRequestMessage request, Uri server, HttpCompletionOption completion, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            return await _http.SendAsync(request, completion, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            var name = Unreachable.NameOf(server);
            var slow = $"{name} did not answer {request.Method} {request.RequestUri!.AbsolutePath} within {timeout.TotalSeconds:0.#} s.";
            throw new TimeoutException(limit.IsCancellationRequested ? slow : Unreachable.Silent(name), e);
        }
        catch (HttpRequestException e)
        {
            var why = Unreachable.Explain(server, ProxyFor(request.RequestUri!), e);
            throw new HttpRequestException(e.HttpRequestError, why, e, e.StatusCode);
        }
    }

    private HttpRequestMessage NewRequest(HttpMethod method, Uri address, HttpContent? body)
    {
        var request = new HttpRequestMessage(method, address) { Content = body };
        if (_key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _key);
        if (_options.Actor is not null) request.Headers.Add(ActingName.Header, ActingName.ToHeader(_options.Actor));
        return request;
    }

    /// <summary>The next attempts go to the next server; of many requests that found one away, the first turns all.</summary>
    private void TurnFrom(int at) => Interlocked.CompareExchange(ref _current, (at + 1) % _servers.Length, at);

    private Uri? ProxyFor(Uri address) => _proxy is { } proxy && !proxy.IsBypassed(address) ? proxy.GetProxy(address) : null;
}
