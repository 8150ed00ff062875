using Microsoft.AspNetCore.Http;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Security;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Web.Security;

namespace Winnow.Web.Review;

/// <summary>Which kinds of task a caller may take: a permission for each.</summary>
internal static class TaskKinds
{
    private static readonly (TaskKind Kind, Permission Needs)[] All =
    [
        (TaskKind.Label, Permission.ReviewTasks), (TaskKind.Verify, Permission.VerifyLabels),
        (TaskKind.Arbitrate, Permission.ArbitrateLabels),
    ];

    /// <summary>All kinds whose tasks the caller may answer: whoever labels is checked too.</summary>
    public static TaskKind[] Of(HttpContext http) =>
        [.. All.Where(k => CallerIdentity.Holds(http, k.Needs)).Select(k => k.Kind), TaskKind.Qualify];

    /// <summary>The kinds that were asked for; all that the caller may do where none were.</summary>
    /// <exception cref="ForbiddenException">One that the caller may not do was asked for.</exception>
    /// <exception cref="RefusedException">None at all was.</exception>
    public static TaskKind[] Of(HttpContext http, LeaseRequest request)
    {
        TaskKind[] may = [.. All.Where(k => CallerIdentity.Holds(http, k.Needs)).Select(k => k.Kind)];
        if (request.Kinds is not { } wanted) return may;
        if (wanted.Count == 0) throw new RefusedException("kinds names no kind of task. Leave it out for all that you may do.");
        foreach (var (kind, needs) in All)
            if (wanted.Contains(kind) && !may.Contains(kind))
                throw new ForbiddenException(
                    $"Tasks of kind '{Name(kind)}' need the permission {Name(needs)}, which you do not hold here.");
        return [.. wanted.Distinct()];
    }

    /// <summary>Whether the caller may still do what was handed out, or take tasks at all where nothing was.</summary>
    public static async Task<bool> StillMayAsync(HttpContext http, ReviewTask[] tasks)
    {
        var kinds = tasks.Select(t => t.Kind).Append(TaskKind.Label).ToHashSet();
        foreach (var (kind, needs) in All)
            if (kinds.Contains(kind) && !await CallerIdentity.StillMayAsync(http, needs)) return false;
        return true;
    }

    private static string Name<T>(T value) where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
