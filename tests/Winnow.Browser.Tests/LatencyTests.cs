using Microsoft.Playwright;
using Xunit.Abstractions;

namespace Winnow.Browser.Tests;

/// <summary>How long it takes from a key to the next picture, over a slow network: nobody waits for it.</summary>
[Collection(StudioHouse.Name), Trait("needs", "chromium")]
public sealed class LatencyTests(StudioHouse house, ITestOutputHelper output)
{
    private const int Delay = 200;

    /// <summary>Measured where it happens: from the key's own time to the frame after which the other picture is there.</summary>
    private const string Watch = """
        () => {
          window.took = [];
          let pressed, before;
          addEventListener("keydown", (event) => { pressed = event.timeStamp; before = document.querySelector("img.picture")?.alt; }, true);
          const look = () => {
            const picture = document.querySelector("img.picture");
            if (pressed !== undefined && picture && picture.alt !== before && picture.complete && picture.naturalWidth > 0) {
              const at = pressed;
              pressed = undefined;
              requestAnimationFrame(() => window.took.push(performance.now() - at));
            }
            requestAnimationFrame(look);
          };
          look();
        }
        """;

    [Theory]
    [InlineData(12)]
    public Task Of_a_few_pictures_none_is_waited_for(int images) => MeasureAsync(images);

    [Theory, Trait("kind", "long")]
    [InlineData(100)]
    public Task From_key_to_next_picture_nobody_waits_for_the_network(int images) => MeasureAsync(images);

    private async Task MeasureAsync(int images)
    {
        var (dataset, key, person) = await house.AskAsync(images);
        await using var ann = await house.Browser.OpenAsync($"d/{dataset}/label");
        await ann.SignInAsync(key);
        await ann.AskedAsync();
        var tools = await ann.Context.NewCDPSessionAsync(ann.Page);
        await tools.SendAsync("Network.enable");
        await tools.SendAsync("Network.emulateNetworkConditions", new Dictionary<string, object>
        {
            ["offline"] = false,
            ["latency"] = Delay,
            ["downloadThroughput"] = -1,
            ["uploadThroughput"] = -1,
        });
        await ann.Page.EvaluateAsync(Watch);
        for (var i = 1; i <= images; i++)
        {
            // Nobody is so quick that pictures have no time to come: the next ones are here when a key is pressed.
            if (i < images) await Assertions.Expect(ann.Page.Locator(".strip.next li").First).ToBeVisibleAsync();
            await ann.AnswerAsync(last: i == images);
        }
        await ann.SavedAsync();
        await house.EachOnceAsync(dataset, person, images);
        var took = (await ann.Page.EvaluateAsync<double[]>("() => window.took")).Order().ToList();
        Assert.True(took.Count >= images - 2, $"{took.Count} were measured");
        var (median, slow) = (took[took.Count / 2], took[(int)(took.Count * 0.95)]);
        output.WriteLine($"{images} pictures, {Delay} ms of network: median {median:0} ms, p95 {slow:0} ms, longest {took[^1]:0} ms");
        // Less than the network alone takes: whatever else holds the processors, nobody waits for the server.
        Assert.True(median < 100 && slow < Delay, $"median {median:0} ms, p95 {slow:0} ms");
        Assert.Empty(ann.Errors);
    }
}
