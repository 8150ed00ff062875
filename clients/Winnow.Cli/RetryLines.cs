using System.Globalization;
using Winnow.Client;

namespace Winnow.Cli;

/// <summary>Tells on standard error that a request is repeated, so that nobody waits without knowing for what.</summary>
internal static class RetryLines
{
    public static void Write(RetryNotice notice) => Terminal.Complain(Line(notice));

    internal static string Line(RetryNotice notice) => string.Create(
        CultureInfo.InvariantCulture,
        $"{notice.Reason} Next try in {notice.Delay.TotalSeconds:0.0} s ({notice.Attempt} of {notice.Attempts}).");
}
