using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Winnow.Inference.Scoring;

/// <summary>
/// Keeps ONNX Runtime from reporting to its maker. Its packages come with a client that names the machine in a file of the user's cache
/// and sends what
/// sessions do over the network; nothing of Winnow leaves the machine unless somebody asked for it. Comes before anything else of that
/// library.
/// </summary>
internal static partial class QuietRuntime
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    private static readonly Lazy<OrtEnv> Quiet = new(Make);

    /// <summary>The library's environment, made with its reports turned off.</summary>
    public static OrtEnv Ensure() => Quiet.Value;

    private static OrtEnv Make()
    {
        Environment.SetEnvironmentVariable(Variable, "1");
        // What .NET sets stays .NET's on Unix: native code reads the process's own.
        if (!OperatingSystem.IsWindows()) _ = SetVariable(Variable, "1", overwrite: 1);
        var environment = OrtEnv.Instance();
        environment.DisableTelemetryEvents();
        return environment;
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
