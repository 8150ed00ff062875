using Microsoft.ML.OnnxRuntime;

namespace Winnow.Inference.Scoring;

/// <summary>What models run on: the CPU, or one CUDA device.</summary>
/// <param name="Kind">"cpu" or "cuda".</param>
/// <param name="Index">Of the CUDA device, or of the part of the CPU; 0 where it is not split.</param>
public sealed record Device(string Kind, int Index)
{
    /// <summary>The processor.</summary>
    public static readonly Device Cpu = new("cpu", 0);

    /// <summary>One of several devices that the processor is split into; the number 0 is equal to <see cref="Cpu"/>.</summary>
    public static Device PartOfCpu(int index) => new("cpu", index);

    /// <summary>One graphics card.</summary>
    public static Device Cuda(int index) => new("cuda", index);

    /// <summary>Such as "cpu" and "cuda:1".</summary>
    public override string ToString() => Kind == "cpu" && Index == 0 ? "cpu" : $"{Kind}:{Index}";

    /// <summary>The one place where session options are made. The caller disposes them.</summary>
    public SessionOptions CreateSessionOptions()
    {
        QuietRuntime.Ensure();
        var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            // Workers run in parallel, one batch each: threads within a batch would only wait for each other.
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        options.AddSessionConfigEntry("session.set_denormal_as_zero", "1");
        if (Kind == "cuda")
            options.AppendExecutionProvider_CUDA(Index);
        return options;
    }
}
