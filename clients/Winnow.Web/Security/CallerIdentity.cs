using Microsoft.AspNetCore.Http;
using Winnow.Abstractions.Datasets;

namespace Winnow.Web.Security;

/// <summary>Who is acting: what history records. The one place that decides it.</summary>
internal static class CallerIdentity
{
    private const string Header = "Winnow-Actor";
    private const string Default = "local";

    public static string Of(HttpContext context)
    {
        var sent = context.Request.Headers[Header].ToString();
        if (sent.Length == 0) return Default;
        if (sent.Length > 100 || sent.Any(c => c is < ' ' or > '~')) throw new RefusedException($"{Header} must have 1 to 100 printable ASCII characters.");
        return sent;
    }

    /// <summary>The operation id that the caller chose, or a new one: a caller that sends none cannot repeat safely.</summary>
    public static Guid OperationOf(HttpContext context)
    {
        var sent = context.Request.Headers["Idempotency-Key"].ToString();
        if (sent.Length == 0) return Guid.NewGuid();
        return Guid.TryParse(sent, out var id) && id != Guid.Empty ? id : throw new RefusedException("Idempotency-Key must be a UUID other than zero.");
    }
}
