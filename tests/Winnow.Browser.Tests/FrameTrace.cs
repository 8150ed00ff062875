using System.Text.Json;

namespace Winnow.Browser.Tests;

/// <summary>
/// What the page's own thread did while something was done to it, as the browser itself recorded it: how long it was busy in each frame,
/// and its longest task. Processor time and not the clock, so that a busy machine says the same.
/// </summary>
internal sealed record FrameTrace(int Frames, double Median, double NinetyFifth, double LongestTask, double NinetyFifthOnTheClock)
{
    private static readonly string[] Categories = ["disabled-by-default-devtools.timeline", "devtools.timeline", "toplevel", "__metadata"];

    public static async Task<FrameTrace> OfAsync(StudioPerson person, Func<Task> work)
    {
        // One frame after the other, whether or not something changes.
        await person.Page.EvaluateAsync("() => { const next = () => { globalThis.tracing = requestAnimationFrame(next); }; next(); }");
        var session = await person.Context.NewCDPSessionAsync(person.Page);
        var events = new List<JsonElement>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        session.Event("Tracing.dataCollected").OnEvent += (_, data) =>
        {
            lock (events) events.AddRange(data!.Value.GetProperty("value").EnumerateArray().Select(e => e.Clone()));
        };
        session.Event("Tracing.tracingComplete").OnEvent += (_, _) => done.TrySetResult();
        await session.SendAsync("Tracing.start", new Dictionary<string, object>
        {
            ["transferMode"] = "ReportEvents",
            ["traceConfig"] = new Dictionary<string, object>
            {
                ["includedCategories"] = Categories,
                ["excludedCategories"] = new[] { "*" },
            },
        });
        await work();
        await session.SendAsync("Tracing.end");
        await done.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await session.DetachAsync();
        await person.Page.EvaluateAsync("() => cancelAnimationFrame(globalThis.tracing)");
        return Of(events);
    }

    private static FrameTrace Of(List<JsonElement> events)
    {
        static double Number(JsonElement one, string name) => one.TryGetProperty(name, out var value) ? value.GetDouble() : 0;
        static (int, int) Thread(JsonElement one) => (one.GetProperty("pid").GetInt32(), one.GetProperty("tid").GetInt32());
        var fired = events.Where(e => e.GetProperty("name").GetString() == "FireAnimationFrame").ToList();
        Assert.NotEmpty(fired);
        var main = Thread(fired[0]);
        var frames = fired.Where(e => Thread(e) == main).Select(e => Number(e, "ts")).Distinct().Order().ToArray();
        var busy = new double[frames.Length];
        var clock = new double[frames.Length];
        double longest = 0;
        foreach (var task in events.Where(e => e.GetProperty("name").GetString() == "RunTask" && e.GetProperty("ph").GetString() == "X"))
        {
            if (Thread(task) != main) continue;
            var (begin, took) = (Number(task, "ts"), Number(task, "dur"));
            var spent = task.TryGetProperty("tdur", out var own) ? own.GetDouble() : took;
            longest = Math.Max(longest, spent / 1000);
            // A task belongs to the frame that was fired last before its middle.
            var frame = Array.BinarySearch(frames, begin + took / 2);
            if (frame < 0) frame = ~frame - 1;
            if (frame < 0) continue;
            busy[frame] += spent / 1000;
            clock[frame] += took / 1000;
        }
        Array.Sort(busy);
        Array.Sort(clock);
        return new FrameTrace(frames.Length, busy[busy.Length / 2], busy[(int)(busy.Length * 0.95)], longest,
            clock[(int)(clock.Length * 0.95)]);
    }
}
