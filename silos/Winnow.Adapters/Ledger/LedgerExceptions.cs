using Winnow.Abstractions.Health;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// The ledger cannot be opened or reached: it is in use, newer than this program, no ledger at all, or its server is away. The message says
/// what to do.
/// </summary>
public sealed class LedgerUnavailableException : UnavailableException
{
    public LedgerUnavailableException(string message) : base(message) { }

    public LedgerUnavailableException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>
/// The disk or the server refused a write. The message says whether nothing was stored or whether the outcome is open; repeating the call
/// with the same operation id is safe in both cases.
/// </summary>
public sealed class LedgerWriteException : IOException
{
    public LedgerWriteException(string message, Exception inner) : base(message, inner) { }
}
