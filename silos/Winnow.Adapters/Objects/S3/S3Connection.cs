using System.Net;
using System.Xml;
using System.Xml.Linq;
using Minio;
using Polly;
using Polly.Retry;
using Winnow.Abstractions.Health;
using Winnow.Model.Names;

namespace Winnow.Adapters.Objects.S3;

/// <summary>
/// One server with one key pair: signs, sends, repeats what may succeed later, and says in a sentence what did not. The client library
/// makes buckets, over the same connections, and links (<see cref="S3PresignedUrls"/>). What it does not do soundly, and we send ourselves,
/// <see cref="S3Request"/> says.
/// </summary>
internal sealed class S3Connection : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private static readonly ResiliencePropertyKey<long> Started = new("winnow.s3.started");

    private readonly S3EndpointOptions _options;
    private readonly TimeProvider _time;
    private readonly Uri _address;
    private readonly HttpClient _http;
    private readonly S3Signer _signer;
    private readonly ResiliencePipeline _retry;

    public S3Connection(S3EndpointOptions options, string section, TimeProvider time, DelegatingHandler? around = null)
    {
        options.Validate(section);
        (_options, _time, _address) = (options, time, new Uri(options.Endpoint));
        var credentials = options.ReadCredentials(section);
        HttpMessageHandler handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
            // No proxy of the environment reaches what listens on this machine alone.
            UseProxy = !_address.IsLoopback,
        };
        if (around is not null) (around.InnerHandler, handler) = (handler, around);
        _http = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        _signer = new S3Signer(credentials, options.Region, time);
        Client = MakeClient(_address, options, credentials, _http);
        _retry = MakeRetry(options, time);
    }

    /// <summary>The client library.</summary>
    public IMinioClient Client { get; }

    /// <summary>The server, for messages.</summary>
    public string Name => _address.Authority;

    public int Concurrency => _options.Concurrency;

    public TimeSpan Timeout => _options.Timeout;

    /// <summary>A client of the library with the region given, so that it never asks for it.</summary>
    public static IMinioClient MakeClient(Uri address, S3EndpointOptions options, S3Credentials credentials, HttpClient http) =>
        new MinioClient().WithEndpoint(address.Authority).WithSSL(address.Scheme == Uri.UriSchemeHttps).WithRegion(options.Region)
            .WithCredentials(credentials.AccessKey, credentials.SecretKey).WithHttpClient(http).Build();

    /// <summary>
    /// Sends, and gives the answer with its head read where the server granted the request, where there is no such object (404), or where
    /// one stands already (412). Whatever reads the body belongs into <paramref name="read"/>: it is repeated with the request.
    /// </summary>
    /// <exception cref="S3Exception">Anything else.</exception>
    public Task<T> SendAsync<T>(S3Request request, Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken) =>
        RunAsync(request.ToString(), request.Retry, async token =>
        {
            var limit = _options.Timeout + TimeSpan.FromSeconds(request.Body.Length >> 20);
            using var deadline = new CancellationTokenSource(limit, _time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(token, deadline.Token);
            try
            {
                using var message = Make(request);
                var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, both.Token).ConfigureAwait(false);
                var keep = false;
                try
                {
                    if (!response.IsSuccessStatusCode
                        && response.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed))
                    {
                        var refusal = await RefusalAsync(request, response, both.Token).ConfigureAwait(false);
                        throw refusal.IsFull ? Full(refusal) : refusal;
                    }
                    // A server of S3 says what is not there; what does not may be a proxy whose server is away.
                    if (response.StatusCode == HttpStatusCode.NotFound && request.Method != HttpMethod.Head
                        && await RefusalAsync(request, response, both.Token).ConfigureAwait(false)
                            is { Code: not ("NoSuchKey" or "NoSuchUpload") } missing) throw missing;
                    // A large object is a second more for each MiB, as an upload is: it must not fail for ever for its size alone.
                    deadline.CancelAfter(limit + TimeSpan.FromSeconds((response.Content.Headers.ContentLength ?? 0) >> 20));
                    var result = await read(response, both.Token).ConfigureAwait(false);
                    keep = ReferenceEquals(result, response);
                    return result;
                }
                finally
                {
                    if (!keep) response.Dispose();
                }
            }
            catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !token.IsCancellationRequested)
            {
                throw new TimeoutException($"no answer within {limit.TotalSeconds:0.#} s", e);
            }
        }, cancellationToken);

    /// <summary>Runs a call of the client library under the same rules.</summary>
    public Task<T> CallAsync<T>(string what, Func<IMinioClient, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(what, true, async token =>
        {
            using var deadline = new CancellationTokenSource(_options.Timeout, _time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(token, deadline.Token);
            try
            {
                return await call(Client, both.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !token.IsCancellationRequested)
            {
                throw new TimeoutException($"no answer within {_options.Timeout.TotalSeconds:0.#} s", e);
            }
            catch (Exception e) when (e is NullReferenceException or InvalidOperationException)
            {
                // So the library meets what is no answer of S3's, such as a proxy's page.
                throw new IOException("what came is no answer of S3", e);
            }
            catch (Minio.Exceptions.MinioException e)
            {
                // The library keeps the server's code and loses its status.
                if (e.Response?.Code is not { Length: > 0 } code) throw new IOException(e.Message, e);
                if (S3Exception.MeansFull(code, null)) throw Full(new S3Exception(Explain(what, code, e.Message),
                    HttpStatusCode.InsufficientStorage, code));
                var busy = code is "SlowDown" or "ServiceUnavailable" or "InternalError" or "RequestTimeout";
                throw new S3Exception(Explain(what, code, e.Message), busy ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.BadRequest,
                    code);
            }
        }, cancellationToken);

    public void Dispose()
    {
        Client.Dispose();
        _http.Dispose();
    }

    private async Task<T> RunAsync<T>(string what, bool retry, Func<CancellationToken, Task<T>> attempt,
        CancellationToken cancellationToken)
    {
        try
        {
            if (!retry || _options.RetryFor == TimeSpan.Zero) return await attempt(cancellationToken).ConfigureAwait(false);
            var context = ResilienceContextPool.Shared.Get(cancellationToken);
            context.Properties.Set(Started, _time.GetTimestamp());
            try
            {
                return await _retry.ExecuteAsync(static async (c, act) => await act(c.CancellationToken).ConfigureAwait(false), context,
                    attempt).ConfigureAwait(false);
            }
            finally
            {
                ResilienceContextPool.Shared.Return(context);
            }
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException
            || (e is IOException and not (S3Exception or StorageFullException)))
        {
            throw new S3Exception(
                $"The S3 server {Name} cannot be reached for {what}: {e.Message}. Is it running, and is S3:Endpoint right?", e);
        }
    }

    private HttpRequestMessage Make(S3Request request)
    {
        var host = _options.PathStyle || request.Bucket.Length == 0 ? _address.Authority : $"{request.Bucket}.{_address.Authority}";
        var path = (_options.PathStyle && request.Bucket.Length > 0 ? $"/{request.Bucket}" : "")
            + (request.Key.Length > 0 || !_options.PathStyle ? $"/{S3Signer.EscapePath(request.Key)}" : "");
        var query = string.Join('&', request.Query.Select(q => $"{S3Signer.Escape(q.Name)}={S3Signer.Escape(q.Value)}"));
        // A key may hold anything, such as "..": the address is what was signed, to the letter.
        var uri = new Uri($"{_address.Scheme}://{host}{path}{(query.Length == 0 ? "" : "?" + query)}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = new HttpRequestMessage(request.Method, uri);
        if (request.Method == HttpMethod.Put || request.Method == HttpMethod.Post)
            message.Content = new ReadOnlyMemoryContent(request.Body);
        if (request.IfAbsent) message.Headers.TryAddWithoutValidation("If-None-Match", "*");
        _signer.Sign(message, host, path, query, request.Body.Span);
        return message;
    }

    private async Task<S3Exception> RefusalAsync(S3Request request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var (code, said) = ("", "");
        try
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            if (text.Length > 0 && XDocument.Parse(text).Root is { Name.LocalName: "Error" } error)
                (code, said) = (error.Element(error.Name.Namespace + "Code")?.Value ?? "",
                    error.Element(error.Name.Namespace + "Message")?.Value ?? "");
        }
        catch (XmlException)
        {
            // A proxy's page, perhaps: the status has to do.
        }
        if (said.Length == 0) said = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        return new S3Exception(Explain(request.ToString(), code, ShownText.Told(said)), response.StatusCode, ShownText.Told(code));
    }

    private static StorageFullException Full(S3Exception refusal) => StorageFullException.Of("The object store", refusal);

    /// <summary>What a refusal means and what to do about it.</summary>
    private string Explain(string what, string code, string said)
    {
        var advice = code switch
        {
            "InvalidAccessKeyId" => "It does not know the access key: set S3:AccessKey or S3:AccessKeyFile.",
            "SignatureDoesNotMatch" => "The secret key does not belong to the access key: set S3:SecretKey or S3:SecretKeyFile.",
            "AccessDenied" => "The keys may not do this: give their user the right, or set others.",
            "NoSuchBucket" => "The bucket is not there: make it, or set S3:Bucket.",
            "RequestTimeTooSkewed" => "The clocks of this machine and the server differ: set them by a time server.",
            "AuthorizationHeaderMalformed" or "PermanentRedirect" => "The region may be wrong: set S3:Region.",
            _ when S3Exception.MeansFull(code, null) => "The server is full: free space there.",
            _ => "",
        };
        return $"The S3 server {Name} refused {what}: {(code.Length > 0 ? code + ". " : "")}{(advice.Length > 0 ? advice : said)}";
    }

    private static ResiliencePipeline MakeRetry(S3EndpointOptions options, TimeProvider time) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = int.MaxValue,
                Delay = FirstPause,
                MaxDelay = LongestPause,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = arguments => ValueTask.FromResult(
                    IsTransient(arguments.Outcome.Exception)
                        && time.GetElapsedTime(arguments.Context.Properties.GetValue(Started, 0)) < options.RetryFor),
            })
            .Build();

    private static bool IsTransient(Exception? problem) => problem switch
    {
        S3Exception
        {
            Status: HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError
            or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
        } => true,
        S3Exception or StorageFullException => false,
        HttpRequestException or TimeoutException or IOException => true,
        _ => false,
    };
}
