namespace Winnow.Cli;

/// <summary>How commands end. Scripts rely on these numbers, so none ever changes its meaning.</summary>
internal static class ExitCodes
{
    /// <summary>Done, all of it.</summary>
    public const int Done = 0;

    /// <summary>The server refused, or something failed. What was done before stays done.</summary>
    public const int Failed = 1;

    /// <summary>The command was not given as it has to be.</summary>
    public const int Misused = 2;

    /// <summary>Done, but for what is named: something was left out, put aside, or taken otherwise than it was given.</summary>
    public const int Incomplete = 3;

    /// <summary>Stopped by whoever started it.</summary>
    public const int Stopped = 130;

    /// <summary>Whoever read its output has gone, such as <c>head</c>: 128 and the number of SIGPIPE, as of other programs.</summary>
    public const int Unread = 141;

    /// <summary>The same for a person to read.</summary>
    public const string Told =
        "Exit codes: 0 done; 1 refused or failed; 2 not called as it has to be; "
        + "3 done, but for what is named (left out, put aside, or taken otherwise than given); 130 stopped; "
        + "141 nobody reads its output any more.";
}
