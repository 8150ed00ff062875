using System.Diagnostics;
using System.Threading.Channels;

namespace Winnow.Adapters.Tests.Support;

/// <summary>A real process that writes until it is killed.</summary>
public sealed class CrashingProcess : IDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private CrashingProcess(Process process)
    {
        _process = process;
        _ = Task.Run(async () =>
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line) _lines.Writer.TryWrite(line);
            _lines.Writer.Complete();
        });
    }

    public static CrashingProcess Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Winnow.CrashHost.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Killing a process needs no tuned code; starting it fast lets the test repeat.
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new CrashingProcess(Process.Start(start)!);
    }

    /// <summary>
    /// Waits for <paramref name="acknowledged"/> lines, kills the process without warning, and gives every line that it got out.
    /// </summary>
    public async Task<List<string>> KillAfterAsync(int acknowledged)
    {
        var lines = new List<string>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (lines.Count < acknowledged && await _lines.Reader.WaitToReadAsync(limit.Token))
            while (lines.Count < acknowledged && _lines.Reader.TryRead(out var line)) lines.Add(line);
        var why = _process.HasExited ? await _process.StandardError.ReadToEndAsync(limit.Token) : "output closed";
        Assert.True(lines.Count == acknowledged, $"The process ended by itself: {why}");
        // SIGKILL on Unix.
        _process.Kill();
        await _process.WaitForExitAsync(limit.Token);
        await foreach (var line in _lines.Reader.ReadAllAsync(limit.Token)) lines.Add(line);
        return lines;
    }

    /// <summary>Waits until the process ends by itself.</summary>
    public async Task<(int Code, string Said)> WaitAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var said = await _process.StandardError.ReadToEndAsync(limit.Token);
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, said);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
