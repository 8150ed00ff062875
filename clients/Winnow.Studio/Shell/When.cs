using System.Globalization;

namespace Winnow.Studio.Shell;

/// <summary>Moments as the pages write them, in the time of whoever looks.</summary>
internal static class When
{
    public static string Day(DateTimeOffset at) => at.ToLocalTime().ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    public static string Minute(DateTimeOffset at) => at.ToLocalTime().ToString("d MMM yyyy, HH:mm", CultureInfo.InvariantCulture);
}
