using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Security;
using Winnow.Model.Names;
using Winnow.Model.Security;

namespace Winnow.Web.Security;

/// <summary>Who is acting: what history records. The one place that decides it.</summary>
internal static class CallerIdentity
{
    private const string Default = "local";

    /// <summary>Who is acting, of a request that was admitted.</summary>
    public static string Of(HttpContext context) => Admitted(context).Actor;

    /// <summary>The caller of a request that was admitted.</summary>
    public static AdmittedCaller Admitted(HttpContext context) =>
        context.Features.Get<AdmittedCaller>()
        ?? throw new InvalidOperationException(
            $"{context.Request.Path} is handled without its caller being admitted: map it with .Requires(…).");

    /// <summary>Whose share of the server is taken for a request: the principal's, whomever it acts for.</summary>
    public static string OwnerOf(HttpContext context) => Admitted(context).Caller.Principal?.ToString() ?? Default;

    /// <summary>Whether the caller holds a permission in the dataset of the request.</summary>
    public static bool Holds(HttpContext context, Permission permission) => Admitted(context).Access.Permissions.Contains(permission);

    /// <summary>The caller as who wants bytes of images.</summary>
    public static ContentCaller ContentOf(HttpContext context) =>
        new(Of(context), Admitted(context).Access.Permissions, AddressOf(context));

    /// <summary>The caller as acts name them.</summary>
    public static ActCaller ActCallerOf(HttpContext context) =>
        new(context.Features.Get<AdmittedCaller>()?.Actor ?? Default, AddressOf(context));

    /// <summary>The address that the caller has, behind proxies that are known.</summary>
    public static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress is not { } address ? null
        : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();

    /// <summary>
    /// Whether a caller who was admitted to a dataset's operation would be admitted now: for work that waits. It is told to its end, since
    /// what was taken meanwhile is to be given back.
    /// </summary>
    public static async Task<bool> StillMayAsync(HttpContext context, Permission permission)
    {
        var (caller, _, _) = Admitted(context);
        var scope = RouteDataset.ScopeOf(RouteDataset.NameOf(context) ?? "");
        return scope is not null
            && await context.RequestServices.GetRequiredService<AccessControl>()
                .StillHoldsAsync(caller, KeyHandler.SentBy(context), scope, permission, CancellationToken.None);
    }

    /// <summary>
    /// What history records: the principal; <c>PRINCIPAL for NAME</c> where a key that may act for others names somebody; the bare name on
    /// a server without keys. Names of principals hold no spaces, so the three cannot be taken for each other. Who may not act for others
    /// and names somebody is refused: the answer of a person must not stand under another name for good. Where nothing is done in any scope
    /// (<paramref name="scoped"/>), nothing is recorded either, and nobody is refused.
    /// </summary>
    /// <exception cref="ForbiddenException">The caller may not act for whom it names.</exception>
    public static string ActorOf(Caller caller, CallerAccess access, HttpContext context, bool scoped)
    {
        var sent = ActingName.FromHeader(context.Request.Headers[ActingName.Header].ToString());
        if (sent == caller.Principal?.ToString()) sent = "";
        if (sent.Length > 0 && !access.Permissions.Contains(Permission.ActForOthers))
        {
            if (scoped) throw new ForbiddenException(NotForOthers(caller, access, sent));
            sent = "";
        }
        if (sent.Length > 0 && !ActingName.IsValid(sent)) throw new RefusedException($"{ActingName.Header} {ActingName.Rule}.");
        // So begins the name of somebody whom a backup told of.
        if (ActorName.Read(sent).Told is not null)
            throw new RefusedException($"{ActingName.Header} may not begin with 'told:' and a number.");
        if (caller.Principal is not { } principal) return sent.Length == 0 ? Default : sent;
        return sent.Length == 0 ? principal.ToString() : $"{principal} for {sent}";
    }

    private static string NotForOthers(Caller caller, CallerAccess access, string sent)
    {
        var name = EndpointRule.NameOf(Permission.ActForOthers);
        var named = caller.Key?.Scope.Permissions?.Contains(Permission.ActForOthers);
        var held = access.Roles.Any(r => RolePermissions.InDataset(r.Role).Contains(Permission.ActForOthers));
        string?[] missing =
        [
            held ? null : $"a role of {caller.Principal} here that holds the permission {name} (owner)",
            named switch
            {
                true => null,
                false => $"{name} among the permissions of the key",
                null => $"a key that names {name} among its permissions",
            },
        ];
        return $"{ActingName.Header} names {ShownText.Quote(sent)}, and {caller.Principal} may not act for others here: there is lacking "
            + $"{string.Join(", and ", missing.OfType<string>())}. Nothing was done. To act as {caller.Principal}, leave the name out "
            + "(--actor, WINNOW_ACTOR).";
    }

    /// <summary>The operation id that the caller chose, or a new one: a caller that sends none cannot repeat safely.</summary>
    public static Guid OperationOf(HttpContext context)
    {
        if (!context.Request.Headers.TryGetValue("Idempotency-Key", out var sent)) return Guid.NewGuid();
        // One that is empty was meant to be one: whoever sends it counts on being able to repeat.
        return Guid.TryParse(sent.ToString(), out var id) && id != Guid.Empty
            ? id
            : throw new RefusedException("Idempotency-Key must be a UUID other than zero.");
    }
}
