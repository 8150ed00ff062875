using System.Diagnostics;
using System.Globalization;
using Winnow.Shown;

namespace Winnow.Cli.Datasets;

/// <summary>Shows how many bytes have gone.</summary>
internal static class ByteProgress
{
    private const long Step = 256 << 20;

    /// <param name="what">What is done with them.</param>
    /// <param name="total">How many there are; null where nobody knows.</param>
    /// <param name="run">Tells of the bytes that have gone.</param>
    public static Task<T> RunAsync<T>(string what, long? total, Func<IProgress<long>, Task<T>> run)
    {
        var started = Stopwatch.GetTimestamp();
        return ShownWork.RunAsync(what, total is null ? Step : null, Terminal.Say, report =>
            run(new InPlace<long>(bytes => report.Report(new Advance(bytes, total ?? 0, Note(bytes))))));

        string Note(long bytes)
        {
            var rate = bytes / 1e6 / Math.Max(0.001, Stopwatch.GetElapsedTime(started).TotalSeconds);
            var of = total is { } all ? string.Create(CultureInfo.InvariantCulture, $" of {all / 1e6:N0}") : "";
            return string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N0}{of} MB, {rate:N0} MB/s");
        }
    }
}
