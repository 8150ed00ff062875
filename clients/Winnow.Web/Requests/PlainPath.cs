using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Winnow.Model.Names;

namespace Winnow.Web.Requests;

/// <summary>
/// An address names what it is about in full. A server, and a client before it, makes <c>/datasets/pets/sources/..</c> into
/// <c>/datasets/pets/</c>, and what was to be the end of a source would be the end of its dataset. So the address is looked at as it was
/// sent: steps of dots and empty steps are refused, and an end with a slash too where something is changed, as that is all that is left
/// of such a step.
/// </summary>
internal static class PlainPath
{
    /// <summary>Why an address is not taken, as a sentence; null when it is.</summary>
    public static string? Check(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var changes = !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method);
        return Check(PathOf(target), changes) is { } wrong ? $"The address {wrong}. Nothing was done." : null;
    }

    /// <summary>What is wrong with a path, as it was sent.</summary>
    /// <param name="path">Without the query; percent-encoded.</param>
    /// <param name="changes">Whether something is changed there.</param>
    internal static string? Check(ReadOnlySpan<char> path, bool changes)
    {
        if (path is "" or "/") return null;
        var steps = path[1..].ToString().Split('/');
        for (var i = 0; i < steps.Length; i++)
        {
            var step = Uri.UnescapeDataString(steps[i]);
            if (step is "." or "..") return $"has the step {ShownText.Quote(step)}: write it without";
            if (step.Length > 0) continue;
            if (i < steps.Length - 1) return "has an empty step: a name is missing in it";
            if (changes) return "ends with a slash: write it without, or with the name that is missing behind it";
        }
        return null;
    }

    /// <summary>The path of an address, which may come with its host in front.</summary>
    private static ReadOnlySpan<char> PathOf(string target)
    {
        var path = target.AsSpan();
        if (path.IndexOf('?') is >= 0 and var query) path = path[..query];
        if (path.StartsWith("/", StringComparison.Ordinal)) return path;
        var host = path.IndexOf("://", StringComparison.Ordinal);
        if (host < 0) return "";
        path = path[(host + 3)..];
        return path.IndexOf('/') is >= 0 and var start ? path[start..] : "";
    }
}
