using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Acts;
using Winnow.Model.Acts;

namespace Winnow.Web.Security;

/// <summary>
/// What an endpoint states about the acts that it leaves. Each that changes something, or gives out original bytes or data of people, has
/// exactly one; the server does not start otherwise.
/// </summary>
/// <param name="Kinds">What is left; none where <paramref name="Why"/> says why.</param>
/// <param name="How">By whom it is written, and when.</param>
/// <param name="Why">Why nothing is left.</param>
internal sealed record ActRule(IReadOnlyList<ActKind> Kinds, ActWriting How, string? Why = null);

/// <summary>How acts of an endpoint come to be written.</summary>
internal enum ActWriting
{
    /// <summary>Once the work is done, and before it is answered.</summary>
    BeforeAnswer,

    /// <summary>Within a second.</summary>
    Soon,

    /// <summary>By what the handler calls: in one commit with the work, or before the first byte goes out.</summary>
    Within,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>A call that was answered, as far as its act has to know it.</summary>
/// <param name="context">The request with its arguments.</param>
/// <param name="result">What the handler answered.</param>
internal sealed class ActCall(EndpointFilterInvocationContext context, object? result)
{
    /// <summary>An argument of the handler.</summary>
    public T Argument<T>() => context.Arguments.OfType<T>().First();

    /// <summary>The answer.</summary>
    public T Answer<T>() where T : class => (result as T ?? (result as IValueHttpResult)?.Value as T)!;

    /// <summary>A part of the path.</summary>
    public string Of(string parameter) => context.HttpContext.Request.RouteValues[parameter]?.ToString() ?? "";
}

/// <summary>How an endpoint states which acts it leaves.</summary>
public static class ActRules
{
    /// <summary>One act, on disk before the answer goes out: nothing is answered as done whose act is not there.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="what">What is done; the dataset of the path says to what.</param>
    public static RouteHandlerBuilder Leaves(this RouteHandlerBuilder endpoint, ActKind what) =>
        endpoint.Leaves(what, static (_, act) => act);

    /// <summary>One act, on disk before the answer goes out: nothing is answered as done whose act is not there.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="what">What is done.</param>
    /// <param name="tell">Adds what it is done to.</param>
    internal static RouteHandlerBuilder Leaves(
        this RouteHandlerBuilder endpoint, ActKind what, Func<ActCall, ActDraft, ActDraft> tell) =>
        endpoint.WithMetadata(new ActRule([what], ActWriting.BeforeAnswer)).AddEndpointFilter((context, next) => AfterAsync(
            context, next, what, (call, draft) => [tell(call, draft)],
            (book, act, caller) => book.NoteAsync(act, caller, CancellationToken.None)));

    /// <summary>Acts that come so often that nobody waits for them.</summary>
    internal static RouteHandlerBuilder LeavesSoon(
        this RouteHandlerBuilder endpoint, ActKind what, Func<ActCall, ActDraft, IEnumerable<ActDraft>> tell) =>
        endpoint.WithMetadata(new ActRule([what], ActWriting.Soon)).AddEndpointFilter((context, next) => AfterAsync(
            context, next, what, tell, (book, act, caller) => book.NoteSoonAsync(act, caller, CancellationToken.None)));

    /// <summary>Acts that are written with the work itself, or before bytes go out: what the handler calls sees to it.</summary>
    internal static RouteHandlerBuilder LeavesWithin(this RouteHandlerBuilder endpoint, params ActKind[] kinds) =>
        endpoint.WithMetadata(new ActRule(kinds, ActWriting.Within));

    /// <summary>No act.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="why">Why nobody will ask who did it.</param>
    public static TBuilder LeavesNothing<TBuilder>(this TBuilder endpoint, string why) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new ActRule([], ActWriting.None, why));

    /// <summary>Writes an act down before the first byte of an answer goes out: where that cannot be, none does.</summary>
    internal static Task BeginsAsync(this IActBook book, HttpContext http, ActDraft act, CancellationToken cancellationToken) =>
        book.NoteAsync(act with { Outcome = ActOutcome.Begun }, CallerIdentity.ActCallerOf(http), cancellationToken);

    private static async ValueTask<object?> AfterAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next, ActKind what,
        Func<ActCall, ActDraft, IEnumerable<ActDraft>> tell, Func<IActBook, ActDraft, ActCaller, Task> note)
    {
        // What was begun goes on to its act, whether or not the caller still listens: no handler can give up in between.
        for (var i = 0; i < context.Arguments.Count; i++)
            if (context.Arguments[i] is CancellationToken) context.Arguments[i] = CancellationToken.None;
        var result = await next(context);
        var http = context.HttpContext;
        // What was refused was not done. Parameters that could not be read are refused by the framework, past the handler.
        if (result is IStatusCodeHttpResult { StatusCode: >= StatusCodes.Status400BadRequest }
            || http.Response.StatusCode >= StatusCodes.Status400BadRequest) return result;
        var (book, caller) = (http.RequestServices.GetRequiredService<IActBook>(), CallerIdentity.ActCallerOf(http));
        var draft = new ActDraft(what) { Dataset = RouteDataset.NameOf(http) };
        foreach (var act in tell(new ActCall(context, result), draft))
            if (!http.Items.ContainsKey(Repeats) || !await IsThereAsync(book, act, CancellationToken.None)) await note(book, act, caller);
        return result;
    }

    private static readonly object Repeats = new();

    /// <summary>
    /// The request asks for what was done before. Then its act is there, and is another's perhaps; only where a server was lost between the
    /// work and its act is it written now.
    /// </summary>
    internal static void WasDoneBefore(this HttpContext http) => http.Items[Repeats] = true;

    private static async Task<bool> IsThereAsync(IActBook book, ActDraft act, CancellationToken cancellationToken)
    {
        var query = new ActQuery(act.Dataset) { What = act.What, Limit = 1_000 };
        while (true)
        {
            var page = await book.ListAsync(query, cancellationToken);
            if (page.Acts.Any(a => a.Of == act.Of)) return true;
            if (!page.More || page.Next is null) return false;
            query = query with { After = page.Next };
        }
    }
}
