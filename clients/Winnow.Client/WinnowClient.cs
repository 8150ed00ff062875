using System.Net;
using Polly;
using Winnow.Model.Security;

namespace Winnow.Client;

/// <summary>
/// A Winnow server, typed. Requests that change something carry an operation id, so that repeating one after a lost answer changes nothing
/// twice; repetition is built in. Safe to use from many threads; one instance per server is enough.
/// </summary>
public sealed partial class WinnowClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly bool _ownsHttp;
    private readonly IWebProxy? _proxy;
    private readonly WinnowClientOptions _options;
    private readonly string? _key;
    private readonly ResiliencePipeline<HttpResponseMessage> _retry;
    private readonly ServerAddress[] _servers;
    private int _current;

    /// <summary>Connects lazily: nothing is sent before the first call.</summary>
    /// <param name="options">How to reach the server.</param>
    /// <param name="http">A client to send with, left open on dispose; one is made where absent.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public WinnowClient(WinnowClientOptions? options = null, HttpClient? http = null)
    {
        _options = options ?? new WinnowClientOptions();
        if (_options.Check() is { } wrong) throw new ArgumentException(wrong, nameof(options));
        _servers = [new ServerAddress(_options.Address), .. _options.FurtherAddresses.Select(a => new ServerAddress(a))];
        _key = SecretText.Trim(_options.Key);
        _ownsHttp = http is null;
        _proxy = http is null ? new LoopbackProxy(HttpClient.DefaultProxy) : null;
        _http = http ?? MakeHttp(_proxy, _options);
        _retry = Retries.Make(_options);
    }

    private static HttpClient MakeHttp(IWebProxy? proxy, WinnowClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // A key is sent nowhere but where it was meant for.
            AllowAutoRedirect = false,
            UseCookies = false,
            Proxy = proxy,
            ConnectTimeout = options.Timeout < ConnectTimeout ? options.Timeout : ConnectTimeout,
        };
        return new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    private static string Dataset(string name) => $"/api/v1/datasets/{Segment(name)}";

    /// <summary>
    /// A name as a part of a path. Nothing is named by steps within a path, or not at all: to whoever reads the path they lead to another
    /// operation, however they are written.
    /// </summary>
    private static string Segment(string name) => name is not ("" or "." or "..") ? Uri.EscapeDataString(name)
        : throw new WinnowApiException(HttpStatusCode.BadRequest,
            name.Length == 0 ? "A name is empty. Nothing was sent." : $"'{name}' is no name of anything on a server. Nothing was sent.");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsHttp) _http.Dispose();
    }
}
