using System.Globalization;
using Microsoft.AspNetCore.Http;
using Winnow.Abstractions.Datasets;
using Winnow.Model.Names;

namespace Winnow.Web.Requests;

/// <summary>
/// Lists without an end of their own are answered a page at a time: none is longer than <see cref="Most"/> rows, however many there are. A
/// page that others follow says by a header where they begin.
/// </summary>
internal static class Pages
{
    /// <summary>Most rows of a page, and how many there are where nothing is asked for.</summary>
    public const int Most = 1_000;

    /// <summary>The header that names the last row of a page that others follow: the 'after' of the next one.</summary>
    public const string Next = "Winnow-Next";

    /// <summary>A page of a list that is whole in memory already.</summary>
    /// <param name="http">The request, and the answer that says what follows.</param>
    /// <param name="all">The list.</param>
    /// <param name="after">The key of the row before the page; none for the first.</param>
    /// <param name="limit">Most rows, as the caller wants them.</param>
    /// <param name="keyOf">What a row is called.</param>
    /// <param name="weightOf">What a row weighs where some are large; a page of several weighs at most <paramref name="most"/>.</param>
    /// <param name="most">Most weight.</param>
    /// <exception cref="RefusedException">There is no such row, or no page of that length.</exception>
    public static List<T> Cut<T>(
        HttpContext http, IReadOnlyList<T> all, string? after, int? limit, Func<T, string> keyOf, Func<T, long>? weightOf = null,
        long most = long.MaxValue)
    {
        if (limit is < 1 or > Most)
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"limit must be 1 to {Most}, not {limit}."));
        var page = new List<T>();
        var weight = 0L;
        var at = Begin(all, after, keyOf);
        for (; at < all.Count && page.Count < (limit ?? Most); at++)
        {
            weight += weightOf?.Invoke(all[at]) ?? 0;
            if (page.Count > 0 && weight > most) break;
            page.Add(all[at]);
        }
        if (at < all.Count) http.Response.Headers[Next] = keyOf(page[^1]);
        return page;
    }

    private static int Begin<T>(IReadOnlyList<T> all, string? after, Func<T, string> keyOf)
    {
        if (string.IsNullOrEmpty(after)) return 0;
        for (var i = 0; i < all.Count; i++)
            if (keyOf(all[i]) == after) return i + 1;
        throw new RefusedException($"{ShownText.Quote(after)} is not a place to continue from: use {Next} of the page before.");
    }
}
