using System.Globalization;
using Winnow.Model.Datasets;

namespace Winnow.Cli.Datasets;

/// <summary>Names on the error stream what a dataset went out or came in without: how many, and each that is known by name.</summary>
internal static class MissingNotes
{
    /// <param name="count">How many are missing.</param>
    /// <param name="named">Those that are named.</param>
    /// <param name="what">What is so of them, and what to do.</param>
    public static async Task PrintAsync(long count, IReadOnlyList<MissingObject> named, string what)
    {
        await Terminal.ComplainAsync(string.Create(CultureInfo.InvariantCulture, $"{count} objects {what}:"));
        foreach (var missing in named) await Terminal.ComplainAsync($"  {missing}");
        if (count > named.Count)
            await Terminal.ComplainAsync(string.Create(CultureInfo.InvariantCulture, $"  and {count - named.Count} more"));
    }
}
