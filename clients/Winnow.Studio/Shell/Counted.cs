using System.Globalization;

namespace Winnow.Studio.Shell;

/// <summary>Numbers as the pages write them: figures in threes, and the word that goes with one or with several.</summary>
internal static class Counted
{
    public static string Of(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Of(long count, string one, string several) => $"{Of(count)} {(count == 1 ? one : several)}";

    /// <summary>A share of one as <c>.876</c>; a dash for what is not known.</summary>
    public static string Share(double? share) => share is not { } known ? "–"
        : known >= 0.9995 ? "1.000" : known.ToString(".000", CultureInfo.InvariantCulture);

    /// <summary>A number in an attribute of a drawing.</summary>
    public static string Drawn(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
