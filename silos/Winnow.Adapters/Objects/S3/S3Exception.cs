using System.Net;

namespace Winnow.Adapters.Objects.S3;

/// <summary>
/// An S3 server refused a request, or could not be reached in time. The message says which and what to do; it never holds a key or a
/// signature.
/// </summary>
public sealed class S3Exception : IOException
{
    /// <summary>The server answered.</summary>
    public S3Exception(string message, HttpStatusCode status, string code) : base(message) => (Status, Code) = (status, code);

    /// <summary>The server did not answer.</summary>
    public S3Exception(string message, Exception inner) : base(message, inner) { }

    /// <summary>The HTTP status; null when the server did not answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The server's code, such as <c>NoSuchBucket</c>; empty when it gave none.</summary>
    public string Code { get; } = "";

    /// <summary>Whether the server has no room, or no more for this bucket.</summary>
    public bool IsFull => MeansFull(Code, Status);

    /// <summary>Servers have each their own word for it.</summary>
    internal static bool MeansFull(string code, HttpStatusCode? status) => status == HttpStatusCode.InsufficientStorage
        || code is "QuotaExceeded" or "XMinioStorageFull" or "XMinioAdminBucketQuotaExceeded" or "InsufficientStorage"
            or "InsufficientCapacity" or "StorageFull" or "ServiceQuotaExceeded";

    /// <summary>
    /// Whether the refusal of a read may be for this object alone: it has rights of its own, is archived, or bears a key that the server
    /// does not take. Wrong keys and clocks are refused alike for all, under codes of their own; a HEAD is refused without any code. A 404
    /// that is thrown is none of an object that is not there.
    /// </summary>
    public bool IsOfOneObject => Status is { } status && (int)status is >= 400 and < 500 and not (401 or 404 or 408 or 429)
        && Code is not ("InvalidAccessKeyId" or "SignatureDoesNotMatch" or "RequestTimeTooSkewed" or "ExpiredToken" or "InvalidToken"
            or "NoSuchBucket"
            or "AllAccessDisabled" or "AccountProblem" or "AuthorizationHeaderMalformed" or "PermanentRedirect" or "SlowDown");

    /// <summary>Whether only a person can mend it: wrong keys, no permission, no such bucket.</summary>
    public bool IsLasting => Status is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.NotFound
        or HttpStatusCode.BadRequest or HttpStatusCode.MovedPermanently;
}
