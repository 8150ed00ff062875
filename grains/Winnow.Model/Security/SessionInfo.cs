namespace Winnow.Model.Security;

/// <summary>How a page in a browser is known to the server. A session is as good as the key that began it, and never outlives it.</summary>
/// <param name="IsKnown">Whether the server knows who asks; where it does not, nothing else is said.</param>
/// <param name="Principal">Who is signed in; null on a server without keys, where everybody may do everything.</param>
/// <param name="KeyId">The key that began the session, or was sent itself; null for the operator's.</param>
/// <param name="ExpiresAt">When the session ends; null where the request came without one.</param>
/// <param name="Csrf">
/// What each request under the session that changes something sends in the header <see cref="CsrfHeader"/>; null without a session.
/// </param>
public sealed record SessionInfo(bool IsKnown, Principal? Principal, string? KeyId, DateTimeOffset? ExpiresAt, string? Csrf)
{
    /// <summary>The header that a page proves itself with: one of another site cannot know what belongs there, nor send it.</summary>
    public const string CsrfHeader = "Winnow-Csrf";
}
