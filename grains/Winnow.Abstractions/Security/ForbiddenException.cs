namespace Winnow.Abstractions.Security;

/// <summary>The caller is known and may not do this. It becomes 403 at the front door, and crosses no silo.</summary>
public sealed class ForbiddenException(string message) : Exception(message);
