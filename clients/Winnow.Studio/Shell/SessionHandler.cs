using System.Net;
using Winnow.Model.Security;

namespace Winnow.Studio.Shell;

/// <summary>
/// Sends with each request that changes something what the server told this page and no other. Where that is refused, another tab may have
/// signed in anew: it is asked for once more, and counts only if it is the same person's.
/// </summary>
internal sealed class SessionHandler(Session session) : DelegatingHandler(new HttpClientHandler())
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
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
