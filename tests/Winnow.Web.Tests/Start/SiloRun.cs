using System.Diagnostics;
using Winnow.Testing;

namespace Winnow.Web.Tests.Start;

/// <summary>The server's program, run to its end.</summary>
internal static class SiloRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs it; its exit code, and what it wrote.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables on top of this process's own.</param>
    /// <param name="asNobody">Whether to run it as a user who may write nowhere.</param>
    public static async Task<(int Code, string Output)> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string,
        string>? environment = null, bool asNobody = false)
    {
        string[] under = asNobody ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
        string[] command = [.. under, "dotnet", SiloProcess.DefaultProgram, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{string.Join(' ', arguments)}' has not ended within {Limit}:\n{await output}{await errors}");
        }
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>Runs it where it cannot start: one sentence that says so, exit code 1, and no stack trace.</summary>
    public static async Task RefusedAsync(string says, IReadOnlyList<string> arguments, IReadOnlyDictionary<string,
        string>? environment = null, bool asNobody = false)
    {
        var (code, output) = await RunAsync(arguments, environment, asNobody);
        Assert.True(code == 1, $"exit code {code}:\n{output}");
        Assert.Contains(says, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.True(output.TrimEnd().Split('\n') is [{ Length: < 500 }], $"more than a sentence:\n{output}");
    }
}
