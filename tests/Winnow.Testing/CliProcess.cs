using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Winnow.Testing;

/// <summary>How a command ended and all that it said.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it wrote on standard output and standard error, in the order in which it came.</param>
/// <param name="Errors">What it wrote on standard error alone.</param>
public sealed record CliResult(int ExitCode, string Output, string Errors);

/// <summary>The real command line in a process of its own, as a user runs it.</summary>
public sealed partial class CliProcess : IDisposable
{
    private const int Interrupted = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly string _line;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private CliProcess(IReadOnlyList<string> line, Action<IDictionary<string, string?>>? environment)
    {
        _line = string.Join(' ', line);
        var start = new ProcessStartInfo(line[0]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in line.Skip(1)) start.ArgumentList.Add(argument);
        environment?.Invoke(start.Environment);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, said) => Take(said.Data, null);
        _process.ErrorDataReceived += (_, said) => Take(said.Data, _errors);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The built program.</summary>
    public static string Program =>
        typeof(CliProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Cli").Value!;

    /// <summary>What it has written so far.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>Starts a command.</summary>
    /// <param name="environment">Changes the variables that it gets; null for those of the tests.</param>
    /// <param name="under">What it is started under, such as <c>setpriv …</c>; empty for nothing.</param>
    /// <param name="arguments">The command and its options.</param>
    public static CliProcess Start(Action<IDictionary<string, string?>>? environment, IReadOnlyList<string> under,
        params string[] arguments) =>
        new([.. under, "dotnet", Program, .. arguments], environment);

    /// <summary>Runs a command to its end.</summary>
    /// <param name="server">The server that it is to talk to.</param>
    /// <param name="under">What it is started under, such as <c>setpriv …</c>; empty for nothing.</param>
    /// <param name="arguments">The command and its options.</param>
    /// <exception cref="TimeoutException">It did not end within two minutes.</exception>
    public static async Task<CliResult> RunAsync(Uri server, IReadOnlyList<string> under, params string[] arguments)
    {
        using var command = Start(variables => variables["WINNOW_SERVER"] = server.ToString(), under, arguments);
        return await command.EndAsync();
    }

    /// <summary>Runs a command to its end, with other variables than the tests have.</summary>
    /// <exception cref="TimeoutException">It did not end within two minutes.</exception>
    public static async Task<CliResult> RunWithAsync(Action<IDictionary<string, string?>> environment, params string[] arguments)
    {
        using var command = Start(environment, [], arguments);
        return await command.EndAsync();
    }

    /// <summary>What Ctrl-C does.</summary>
    public void Interrupt()
    {
        if (Kill(_process.Id, Interrupted) != 0) throw new InvalidOperationException($"'{_line}' could not be interrupted.");
    }

    /// <summary>Waits for the end.</summary>
    /// <exception cref="TimeoutException">It did not end within two minutes.</exception>
    public async Task<CliResult> EndAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{_line}' did not end within {Limit}. It said: {Output}", e);
        }
        lock (_output) return new CliResult(_process.ExitCode, _output.ToString(), _errors.ToString());
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void Take(string? line, StringBuilder? also)
    {
        if (line is null) return;
        lock (_output)
        {
            _output.AppendLine(line);
            also?.AppendLine(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
