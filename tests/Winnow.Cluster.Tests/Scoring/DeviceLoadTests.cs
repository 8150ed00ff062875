using Winnow.Grains.Scoring;

namespace Winnow.Cluster.Tests.Scoring;

public sealed class DeviceLoadTests
{
    private static readonly DeviceAt[] Devices = [new("a", 0), new("a", 1)];
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Images_are_shared_and_not_lots()
    {
        var load = new DeviceLoad();
        var shares = new Dictionary<DeviceAt, int>();
        // Three lots in four are small.
        for (var lot = 0; lot < 200; lot++)
        {
            var images = lot % 4 == 0 ? 64 : 5;
            var device = load.Take(Devices, [], images, Now)!.Value;
            shares[device] = shares.GetValueOrDefault(device) + images;
        }
        Assert.InRange(shares[Devices[0]], shares[Devices[1]] - 64, shares[Devices[1]] + 64);
    }

    [Fact]
    public void A_device_that_failed_rests()
    {
        var load = new DeviceLoad();
        load.Done(Devices[0], 64, failed: true, Now);
        for (var lot = 0; lot < 10; lot++) Assert.Equal(Devices[1], load.Take(Devices, [], 64, Now));
        Assert.Equal(Devices[0], load.Take(Devices, [], 64, Now.AddMinutes(1)));
        Assert.Equal(Devices[0], load.Take([Devices[0]], [Devices[0]], 64, Now));
    }
}
