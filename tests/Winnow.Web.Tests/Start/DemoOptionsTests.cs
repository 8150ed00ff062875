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

    [Fact]
    public void A_number_is_taken_as_it_stands_or_refused()
    {
        Assert.Equal(ulong.MaxValue, DemoOptions.Parse(["--seed", "18446744073709551615"]).Seed);
        Assert.Equal(0.05, DemoOptions.Parse(["--error-rate", "0.05"]).ErrorRate);
        foreach (var wrong in new[] { "-1", "1.5", "18446744073709551616", "NaN", "" })
            Assert.Contains("--seed must be 0 to 18446744073709551615", Refused("--seed", wrong), StringComparison.Ordinal);
        // With separators of thousands 0,1 would be 1.
        foreach (var wrong in new[] { "0,1", "-0.1", "NaN", "Infinity", "half" })
            Assert.Contains("--error-rate must be 0 to 1", Refused("--error-rate", wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_that_stands_twice_is_refused()
    {
        Assert.Contains("--images stands twice", Refused("--images", "1000", "--images", "2000"), StringComparison.Ordinal);
        Assert.Contains("--exit stands twice", Refused("--exit", "--exit"), StringComparison.Ordinal);
        // A value may be called like an option.
        Assert.Equal("--exit", DemoOptions.Parse(["--out", "--exit", "--exit"]).Out);
    }

    private static string Refused(params string[] args) => Assert.Throws<DemoException>(() => DemoOptions.Parse(args)).Message;
}
