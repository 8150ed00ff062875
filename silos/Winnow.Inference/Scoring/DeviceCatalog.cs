using Microsoft.ML.OnnxRuntime;
using Winnow.Inference.Backbones;

namespace Winnow.Inference.Scoring;

/// <summary>What was found on this machine.</summary>
/// <param name="Devices">Usable devices, the preferred first; never empty.</param>
/// <param name="Providers">Execution providers that the installed ONNX Runtime has.</param>
/// <param name="WhyNoGpu">Why no CUDA device is used; null when one is.</param>
public sealed record DeviceReport(IReadOnlyList<Device> Devices, IReadOnlyList<string> Providers, string? WhyNoGpu);

/// <summary>Finds the devices that ONNX Runtime can really use.</summary>
public static class DeviceCatalog
{
    private const int MaxDevices = 16;

    /// <summary>
    /// Lists the devices. A CUDA device counts only when a small model ran on it: the provider being there says nothing about driver and
    /// libraries.
    /// </summary>
    public static DeviceReport Discover(bool gpuWanted)
    {
        var providers = QuietRuntime.Ensure().GetAvailableProviders();
        if (!gpuWanted)
            return new DeviceReport([Device.Cpu], providers, "The configuration does not ask for a GPU.");
        if (!providers.Contains("CUDAExecutionProvider"))
        {
            return new DeviceReport([Device.Cpu], providers,
                "This build carries the ONNX Runtime for CPUs. Build with -p:Gpu=true, on a machine with CUDA 13 and cuDNN 9.");
        }
        var found = new List<Device>();
        string? failure = null;
        while (found.Count < MaxDevices && (failure = Try(Device.Cuda(found.Count))) is null)
            found.Add(Device.Cuda(found.Count));
        return found.Count > 0
            ? new DeviceReport([.. found, Device.Cpu], providers, null)
            : new DeviceReport([Device.Cpu], providers, $"No CUDA device runs a model: {failure}");
    }

    private static string? Try(Device device)
    {
        try
        {
            var onnx = new OnnxWriter("probe").Input("x", 1, 4).Output("y", 1, 4);
            onnx.Node("Relu", ["x"], "y");
            using var options = device.CreateSessionOptions();
            using var session = new InferenceSession(onnx.ToArray(), options);
            using var run = new RunOptions();
            using var input = OrtValue.CreateTensorValueFromMemory(new float[4], [1, 4]);
            using var results = session.Run(run, ["x"], [input], ["y"]);
            return null;
        }
        catch (Exception failed) when (failed is OnnxRuntimeException or DllNotFoundException or EntryPointNotFoundException)
        {
            return failed.Message;
        }
    }
}
