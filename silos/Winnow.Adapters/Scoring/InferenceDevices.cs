using Winnow.Inference.Scoring;

namespace Winnow.Adapters.Scoring;

/// <summary>Which devices of this machine score.</summary>
public static class InferenceDevices
{
    /// <summary>How many there are.</summary>
    public static int Count(bool useGpu) => Usable(DeviceCatalog.Discover(useGpu)).Count;

    /// <summary>The processors are busy with decoding for the GPUs; they are a device only where there is no other.</summary>
    internal static IReadOnlyList<Device> Usable(DeviceReport report) => report.WhyNoGpu is null ? [.. report.Devices.Where(d => d != Device.Cpu)] : report.Devices;
}
