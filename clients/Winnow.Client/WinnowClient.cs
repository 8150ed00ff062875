using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Polly;
using Polly.Retry;

namespace Winnow.Client;

/// <summary>
/// A Winnow server, typed. Requests that change something carry an operation id, so that repeating one after a lost answer changes nothing
/// twice; repetition is built in. Safe to use from many threads; one instance per server is enough.
/// </summary>
public sealed partial class WinnowClient : IDisposable
{
    private const string OperationHeader = "Idempotency-Key";
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly bool _ownsHttp;
    private readonly WinnowClientOptions _options;
    private readonly ResiliencePipeline<HttpResponseMessage> _retry;
    private readonly Uri[] _addresses;
    private int _current;

    /// <summary>Connects lazily: nothing is sent before the first call.</summary>
    /// <param name="options">How to reach the server.</param>
    /// <param name="http">A client to send with, left open on dispose; one is made where absent.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public WinnowClient(WinnowClientOptions? options = null, HttpClient? http = null)
    {
        _options = options ?? new WinnowClientOptions();
        if (_options.Check() is { } wrong) throw new ArgumentException(wrong, nameof(options));
        _addresses = [_options.Address, .. _options.FurtherAddresses];
        _ownsHttp = http is null;
        _http = http ?? new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), AllowAutoRedirect = false }) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        _retry = MakeRetry(_options);
    }

    private static ResiliencePipeline<HttpResponseMessage> MakeRetry(WinnowClientOptions options)
    {
        if (options.RetryAttempts == 0) return ResiliencePipeline<HttpResponseMessage>.Empty;
        return new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = options.TimeProvider }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.RetryAttempts,
                Delay = options.RetryDelay,
                MaxDelay = LongestDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = static outcome => ValueTask.FromResult(outcome.Outcome switch
                {
                    { Exception: HttpRequestException or TimeoutException or IOException } => true,
                    { Result.StatusCode: HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout } => true,
                    _ => false,
                }),
                DelayGenerator = static outcome => ValueTask.FromResult(outcome.Outcome.Result?.Headers.RetryAfter?.Delta is { } wait ? wait < LongestDelay ? wait : LongestDelay : (TimeSpan?)null),
                OnRetry = static outcome =>
                {
                    outcome.Outcome.Result?.Dispose();
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, null, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, type, cancellationToken);
    }

    private async Task<TAnswer> PostAsync<TBody, TAnswer>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, Guid? operationId, CancellationToken cancellationToken)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, bodyType);
        using var response = await SendAsync(HttpMethod.Post, path, () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } }, operationId, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await ReadAsync(response, answerType, cancellationToken);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(stream, type, cancellationToken) ?? throw new WinnowApiException(response.StatusCode, $"The server answered {response.RequestMessage?.RequestUri} with nothing.");
    }

    /// <summary>Sends, and repeats where that may help: the body is made anew for each attempt, the operation id stays.</summary>
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Func<HttpContent>? body, Guid? operationId, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var response = await _retry.ExecuteAsync(
            static async (call, ct) => await call.Client.AttemptAsync(call.Method, call.Path, call.Body, call.OperationId, call.Completion, ct),
            (Client: this, Method: method, Path: path, Body: body, OperationId: operationId, Completion: completion), cancellationToken);
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await ProblemOfAsync(response, cancellationToken);
    }

    private async Task<HttpResponseMessage> AttemptAsync(HttpMethod method, string path, Func<HttpContent>? body, Guid? operationId, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var at = Volatile.Read(ref _current);
        var server = _addresses[at % _addresses.Length];
        using var request = NewRequest(method, new Uri(server, path), body?.Invoke());
        if (operationId is { } id) request.Headers.Add(OperationHeader, id.ToString());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.Timeout);
        try
        {
            var response = await _http.SendAsync(request, completion, limit.Token);
            if (response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout) TurnFrom(at);
            return response;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            TurnFrom(at);
            throw new TimeoutException($"{server} did not answer {method} {path} within {_options.Timeout.TotalSeconds:0.#} s.", e);
        }
        catch (HttpRequestException)
        {
            TurnFrom(at);
            throw;
        }
    }

    private HttpRequestMessage NewRequest(HttpMethod method, Uri address, HttpContent? body)
    {
        var request = new HttpRequestMessage(method, address) { Content = body };
        if (_options.Key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _options.Key);
        if (_options.Actor is not null) request.Headers.Add("Winnow-Actor", _options.Actor);
        return request;
    }

    /// <summary>The next attempts go to the next server; of many requests that found one away, the first turns all.</summary>
    private void TurnFrom(int at) => Interlocked.CompareExchange(ref _current, (at + 1) % _addresses.Length, at);

    private static async Task<WinnowApiException> ProblemOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var detail = $"The server answered {(int)response.StatusCode} {response.ReasonPhrase}.";
        try
        {
            using var problem = JsonDocument.Parse(text);
            if (problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var found) && found.GetString() is { Length: > 0 } said) detail = said;
        }
        catch (JsonException)
        {
            // Not a problem document: the status line has to do.
        }
        return new WinnowApiException(response.StatusCode, detail);
    }

    private static string Dataset(string name) => $"/api/v1/datasets/{Uri.EscapeDataString(name)}";

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsHttp) _http.Dispose();
    }
}
