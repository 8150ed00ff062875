using System.Diagnostics;
using System.Reflection;

namespace Winnow.Testing;

/// <summary>Runs a script of <c>tests/services</c>: real servers, started and stopped the same way by hand, by tests and by CI.</summary>
public static class ServiceScript
{
    /// <summary>Exit code by which a script says that this machine cannot run its service.</summary>
    private const int CannotRun = 77;

    private static readonly string Folder = Path.GetFullPath(
        typeof(ServiceScript).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Services").Value!);

    /// <summary>Runs a script and gives the lines that it printed.</summary>
    /// <param name="name">The script, such as <c>postgres</c>.</param>
    /// <param name="arguments">Its arguments, such as <c>start</c>.</param>
    /// <param name="environment">Settings; <c>SERVICE_ROOT</c> is the folder that the service lives in.</param>
    /// <exception cref="InvalidOperationException">The script failed; the message holds what it said.</exception>
    public static async Task<string[]> RunAsync(string name, IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Folder, name), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>()) start.Environment[key] = value;
        using var process = Process.Start(start)!;
        // Servers that a script leaves behind must not hold its pipes; the scripts redirect theirs.
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode == CannotRun)
            throw new InvalidOperationException($"This machine cannot run the service '{name}': {await errors}");
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"tests/services/{name} {string.Join(' ', arguments)} failed with {process.ExitCode}: {await errors}{await output}");
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
