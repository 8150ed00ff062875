namespace Winnow.Adapters.Ledger;

/// <summary>The ledger cannot be opened: it is in use, newer than this program, or no ledger at all. The message says what to do.</summary>
public sealed class LedgerUnavailableException : InvalidOperationException
{
    public LedgerUnavailableException(string message) : base(message) { }

    public LedgerUnavailableException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>
/// The disk refused a write. The message says whether nothing was stored or whether the outcome is open; repeating the call with the same
/// operation id is safe in both cases.
/// </summary>
public sealed class LedgerWriteException : IOException
{
    public LedgerWriteException(string message, Exception inner) : base(message, inner) { }
}
