using System.Diagnostics;
using System.Reflection;

namespace Winnow.Testing;

/// <summary>
/// The silo of the last release, built from its sources as they stand in this repository's history. <c>tests/last-release</c> names the
/// commit.
/// </summary>
public static class LastRelease
{
    private static readonly Lazy<Task<string>> Built = new(BuildAsync);

    /// <summary>Its program; built on first use, which takes a minute.</summary>
    /// <exception cref="InvalidOperationException">The commit is not in this clone, or its sources do not build.</exception>
    public static Task<string> SiloAsync() => Built.Value;

    private static async Task<string> BuildAsync()
    {
        var root = Path.GetFullPath(typeof(LastRelease).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(a => a.Key == "Repository").Value!);
        var commit = (await File.ReadAllLinesAsync(Path.Combine(root, "tests", "last-release"))).First(l => !l.StartsWith('#')).Trim();
        var sources = Path.Combine(Path.GetTempPath(), "winnow-release", commit);
        var program = Path.Combine(sources, "silos", "Winnow.Silo", "bin", "Release", "net10.0", "Winnow.Silo.dll");
        if (File.Exists(Path.Combine(sources, "built"))) return program;
        if (Directory.Exists(sources)) Directory.Delete(sources, recursive: true);
        Directory.CreateDirectory(sources);
        await RunAsync(root, "bash", "-c", $"git archive '{commit}' | tar -x -C '{sources}'");
        await RunAsync(sources, "dotnet", "build", "silos/Winnow.Silo/Winnow.Silo.csproj", "-c", "Release", "-v", "quiet", "--nologo",
            "-p:RunAnalyzers=false");
        await File.WriteAllTextAsync(Path.Combine(sources, "built"), commit);
        return program;
    }

    private static async Task RunAsync(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"'{program} {string.Join(' ', arguments)}' failed with {process.ExitCode}: {await errors}{await output}");
    }
}
