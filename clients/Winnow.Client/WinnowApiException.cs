using System.Net;

namespace Winnow.Client;

/// <summary>The server refused a request, with a reason that a person can act on.</summary>
public sealed class WinnowApiException : Exception
{
    /// <summary>With the server's reason.</summary>
    public WinnowApiException(HttpStatusCode status, string message) : base(message) => Status = status;

    internal WinnowApiException(HttpStatusCode status, string message, Exception inner) : base(message, inner) => Status = status;

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>Which refusal it is, of <see cref="Model.RefusalCodes"/>; null for those that have no name.</summary>
    public string? Code { get; init; }
}
