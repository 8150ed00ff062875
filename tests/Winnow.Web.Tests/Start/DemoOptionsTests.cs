using Winnow.Silo.Demo;

namespace Winnow.Web.Tests.Start;

/// <summary>What the demo is asked for is what it does, or it says that it cannot.</summary>
public sealed class DemoOptionsTests
{
    [Fact]
    public void More_labels_than_can_be_asked_for_are_refused()
    {
        var refused = Assert.Throws<DemoException>(() => DemoOptions.Parse(["--images", "1000", "--labels", "5000"]));
        const string Why = "--labels can be 800 at most, not 5000: of 1000 images 200 are the audit sample.";
        Assert.Contains(Why, refused.Message, StringComparison.Ordinal);
        Assert.Equal(800, DemoOptions.Parse(["--labels", "800", "--images", "1000"]).Labels);
        // The default was asked for by nobody.
        Assert.Equal(800, DemoOptions.Parse(["--images", "1000"]).Labels);
    }
}
