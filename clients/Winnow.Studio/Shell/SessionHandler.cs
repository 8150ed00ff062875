using System.Net;
using Winnow.Model.Security;

namespace Winnow.Studio.Shell;

/// <summary>
/// Sends with each request that changes something what the server told this page and no other. Where that is refused, another tab may have
/// signed in anew: it is asked for once more, and counts only if it is the same person's. Once somebody signs out nothing leaves the page
/// but what is about the session itself: the rest would be refused.
/// </summary>
internal sealed class SessionHandler(Session session) : DelegatingHandler(new HttpClientHandler())
{
    private readonly HashSet<Task> _changes = [];
    private CancellationTokenSource? _leaving;

    /// <summary>Drops what is being read, and waits until what is being changed has its answer.</summary>
    public async Task LeaveAsync()
    {
        await (_leaving ??= new CancellationTokenSource()).CancelAsync();
        await Task.WhenAll(_changes.ToArray()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The page may ask again.</summary>
    public void Return() => _leaving = null;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var ofSession = request.Headers.Authorization is not null
            || request.RequestUri!.AbsolutePath.EndsWith("/session", StringComparison.Ordinal);
        if (ofSession) return await SendKnownAsync(request, cancellationToken);
        if (session.State == SessionState.SignedOut || _leaving is { IsCancellationRequested: true })
            throw new HttpRequestException("Nobody is signed in at this page.");
        if (request.Method != HttpMethod.Get)
        {
            var change = SendKnownAsync(request, cancellationToken);
            _changes.Add(change);
            try
            {
                return await change;
            }
            finally
            {
                _changes.Remove(change);
            }
        }
        var leaving = _leaving ??= new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leaving.Token);
        try
        {
            return await SendKnownAsync(request, either.Token);
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException("Whoever asked has signed out.");
        }
    }

    private async Task<HttpResponseMessage> SendKnownAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var changes = request.Method != HttpMethod.Get && request.Headers.Authorization is null;
        if (changes && session.Info?.Csrf is { } csrf) request.Headers.Add(SessionInfo.CsrfHeader, csrf);
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized && request.Headers.Authorization is null) session.Lose();
        if (!changes || response.StatusCode != HttpStatusCode.Forbidden || !await session.RenewAsync(cancellationToken)) return response;
        using var again = new HttpRequestMessage(request.Method, request.RequestUri) { Content = request.Content };
        foreach (var (name, values) in request.Headers)
            if (name != SessionInfo.CsrfHeader) again.Headers.TryAddWithoutValidation(name, values);
        if (session.Info?.Csrf is { } renewed) again.Headers.Add(SessionInfo.CsrfHeader, renewed);
        response.Dispose();
        return await base.SendAsync(again, cancellationToken);
    }
}
