using System.Collections.Concurrent;
using Winnow.Benchmarks.Measuring;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Benchmarks.Review;

/// <summary>The reviewers, each a person of their own.</summary>
internal sealed class ReviewCrew(Uri url, string dataset, int people, CancellationToken stop)
{
    private readonly WinnowClient[] _people =
        [.. Enumerable.Range(0, people)
            .Select(i => new WinnowClient(new WinnowClientOptions { Address = url, Actor = $"reviewer-{i}", RetryAttempts = 0 }))];
    private readonly ConcurrentDictionary<ImageId, string> _handed = new();

    private readonly int[] _kinds = new int[Enum.GetValues<TaskKind>().Length];

    public int Answered { get; private set; }

    /// <summary>How many of each kind were given out.</summary>
    public string Kinds() => string.Join(", ", Enum.GetValues<TaskKind>().Where(k => _kinds[(int)k] > 0)
        .Select(k => $"{_kinds[(int)k]:N0} to {k.ToString().ToLowerInvariant()}"));

    private static Decision Answer(TaskKind kind) => kind == TaskKind.Verify ? new Decision { Kind = DecisionKind.Confirm }
        : new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("class-1")] };

    public double LeastShare { get; private set; } = 1;

    public string? Problem { get; private set; }

    /// <summary>Takes and answers tasks until so many are answered, whoever answers them.</summary>
    public async Task WorkAsync(int tasks, TimeSpan pause, Latencies take, Latencies submit)
    {
        var left = tasks;
        var got = new int[people];
        await System.Threading.Tasks.Task.WhenAll(_people.Select(async (person, i) =>
        {
            var random = new Random(i);
            await ComeAsync(pause, random, stop);
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var task = (await take.TimeAsync(() => person.LeaseAsync(dataset, new LeaseRequest(1, 0), stop))).SingleOrDefault();
                if (task is null)
                {
                    Problem = $"reviewer-{i} got no task while hundreds of thousands were open";
                    return;
                }
                if (!_handed.TryAdd(task.Image, $"reviewer-{i}"))
                    Problem = $"{task.Image} was handed to {_handed[task.Image]} and to reviewer-{i}";
                await Pause(pause, random, stop);
                var decision = new SubmitDecision(task.Image, Guid.NewGuid(), Answer(task.Kind), task.Lease);
                Interlocked.Increment(ref _kinds[(int)task.Kind]);
                var result = (await submit.TimeAsync(() => person.SubmitAsync(dataset, [decision], stop))).Single();
                if (result.Status != SubmitStatus.Recorded) Problem = $"{task.Image}: {result.Status} {result.Reason}";
                got[i]++;
            }
        }));
        Answered += got.Sum();
        if (tasks > people) LeastShare = Math.Min(LeastShare, got.Min() / ((double)tasks / people));
    }

    /// <summary>
    /// Comes at some moment of a pause: of few tasks each, the first of all would else be one crowd, and its last the slowest hundredth.
    /// </summary>
    public static Task ComeAsync(TimeSpan pause, Random random, CancellationToken stop) => pause > TimeSpan.Zero
        ? System.Threading.Tasks.Task.Delay(pause * random.NextDouble(), TimeProvider.System, stop)
        : System.Threading.Tasks.Task.CompletedTask;

    /// <summary>
    /// Half to one and a half times as long: who pauses for exactly as long as all others comes back with all others, and then the last of
    /// them is measured.
    /// </summary>
    public static Task Pause(TimeSpan pause, Random random, CancellationToken stop) => pause > TimeSpan.Zero
        ? System.Threading.Tasks.Task.Delay(pause * (0.5 + random.NextDouble()), TimeProvider.System, stop)
        : System.Threading.Tasks.Task.CompletedTask;
}
