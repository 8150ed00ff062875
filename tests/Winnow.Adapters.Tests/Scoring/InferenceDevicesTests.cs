using Winnow.Adapters.Scoring;
using Winnow.Inference.Scoring;

namespace Winnow.Adapters.Tests.Scoring;

public sealed class InferenceDevicesTests
{
    [Fact]
    public void Graphics_cards_score_where_there_are_any_and_else_the_processor_or_its_parts()
    {
        Assert.Equal([Device.Cuda(0), Device.Cuda(1)],
            InferenceDevices.Usable(new DeviceReport([Device.Cuda(0), Device.Cuda(1), Device.Cpu], [], null), 4));
        var without = new DeviceReport([Device.Cpu], [], "There is none.");
        Assert.Equal([Device.Cpu], InferenceDevices.Usable(without, 1));
        Assert.Equal([Device.Cpu, Device.PartOfCpu(1)], InferenceDevices.Usable(without, 2));
    }
}
