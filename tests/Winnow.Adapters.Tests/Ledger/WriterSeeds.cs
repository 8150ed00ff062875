using System.Globalization;
using Xunit.Abstractions;

namespace Winnow.Adapters.Tests.Ledger;

/// <summary>
/// Tries seeds, one after the other: a few in every run of the tests, a hundred times as many by <c>bash tests/run schedules</c>. One that
/// fails is named, and <c>WINNOW_SCHEDULE=seed</c> runs it again.
/// </summary>
internal static class WriterSeeds
{
    /// <summary>What callers were told, counted; null where one seed alone was run.</summary>
    public static async Task<IReadOnlyDictionary<TTold, int>?> ExploreAsync<TTold>(
        ITestOutputHelper output, int few, Func<ulong, Task<IEnumerable<TTold>>> run) where TTold : notnull
    {
        var times = int.TryParse(Environment.GetEnvironmentVariable("WINNOW_SCHEDULES"), out var asked) ? asked : 1;
        var isOne = ulong.TryParse(Environment.GetEnvironmentVariable("WINNOW_SCHEDULE"), out var one);
        var (first, count) = isOne ? (one, 1) : (1UL, few * times);
        var told = new SortedDictionary<TTold, int>();
        for (var i = 0; i < count; i++)
        {
            var seed = first + (ulong)i;
            try
            {
                foreach (var outcome in await run(seed)) told[outcome] = told.GetValueOrDefault(outcome) + 1;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"Seed {seed} (WINNOW_SCHEDULE={seed} runs it again): {e.Message}"), e);
            }
        }
        output.WriteLine($"{count} schedules: {string.Join(", ", told.Select(t => $"{t.Value} {t.Key}"))}");
        return isOne ? null : told;
    }
}
