using Winnow.Inference.Scoring;

namespace Winnow.Adapters.Scoring;

/// <summary>Which devices of this machine score.</summary>
public static class InferenceDevices
{
    /// <summary>How many there are.</summary>
    public static int Count(bool useGpu, int cpuDevices = 1) => Usable(DeviceCatalog.Discover(useGpu), cpuDevices).Count;

    /// <summary>The processors are busy with decoding for the GPUs; they are a device, or several, only where there is no other.</summary>
    internal static IReadOnlyList<Device> Usable(DeviceReport report, int cpuDevices) =>
        report.WhyNoGpu is null
        ? [.. report.Devices.Where(d => d != Device.Cpu)] : [.. Enumerable.Range(0, cpuDevices).Select(Device.PartOfCpu)];
}
