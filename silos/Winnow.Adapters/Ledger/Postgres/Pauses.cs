namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>How long whoever lost the server waits before the next try: short at first, and never for long.</summary>
internal static class Pauses
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    public static TimeSpan After(TimeSpan pause) => pause * 2 < Longest ? pause * 2 : Longest;
}
