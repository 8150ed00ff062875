using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Winnow.Cli.Datasets;

/// <summary>Shows how many bytes have gone.</summary>
internal static class ByteProgress
{
    private const long Step = 256 << 20;

    public static async Task<T> RunAsync<T>(string what, long? total, Func<IProgress<long>, Task<T>> run)
    {
        var started = Stopwatch.GetTimestamp();
        string Line(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{what} {bytes / 1e6:N0}{(total is { } all ? $" of {all / 1e6:N0}" : "")} MB, {bytes / 1e6 / Math.Max(0.001, Stopwatch.GetElapsedTime(started).TotalSeconds):N0} MB/s");
        if (Connection.Live) return await AnsiConsole.Status().StartAsync(what, context => run(new Reporter(bytes => context.Status(Line(bytes)))));
        var next = Step;
        return await run(new Reporter(bytes =>
        {
            if (bytes < next) return;
            next = bytes + Step;
            Terminal.Say(Line(bytes));
        }));
    }

    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
