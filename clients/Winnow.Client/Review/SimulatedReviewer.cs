using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Client;

/// <summary>How a simulated reviewer behaves.</summary>
public sealed record SimulatedReviewerOptions
{
    /// <summary>The dataset to work on.</summary>
    public required string Dataset { get; init; }

    /// <summary>The truth of an image of which nobody could tell the class: its task is answered with a skip.</summary>
    public const string CannotTell = "";

    /// <summary>
    /// The true class of a task's image. Of null, and of a name that is no class, this reviewer knows nothing: the task is given back, for
    /// somebody else. A skip would be for good, since nobody is asked again what they could not tell; <see cref="CannotTell"/> is one.
    /// <see cref="LabelFile"/> and <see cref="FolderTruth"/> have such functions.
    /// </summary>
    public Func<ReviewTask, string?> Truth { get; init; } = _ => null;

    /// <summary>
    /// What a task's image shows, where labels are sets of annotations; null of one that is not known. It takes the place of <see
    /// cref="Truth"/>, and there are no wrong answers then. <see cref="LabelSetFile"/> has such a function.
    /// </summary>
    public Func<ReviewTask, IReadOnlyList<Annotation>?>? Sets { get; init; }

    /// <summary>
    /// Whether tasks that were given back are skipped once nothing else comes, so that no round waits for somebody who never comes.
    /// Only where something was answered: a reviewer whose labels fit nothing that is asked skips nothing. Default false: left to others.
    /// </summary>
    public bool SkipUnknownInTheEnd { get; init; }

    /// <summary>All classes: a wrong answer is drawn from the others.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Share of answers that are wrong, 0 to 1. Default 0.</summary>
    public double ErrorRate { get; init; }

    /// <summary>Seeds which answers are wrong. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Tasks taken at a time, 1 to 1,000. Default 50. Fewer come where the dataset gives one person fewer (<see
    /// cref="DatasetSettings.TasksPerPerson"/>).
    /// </summary>
    public int LeaseSize { get; init; } = 50;

    /// <summary>Tasks of which kinds; null for all that the caller may do. What is to be verified or settled is labelled anew.</summary>
    public IReadOnlyList<TaskKind>? Kinds { get; init; }

    /// <summary>Told after each lot how far it has come, and when there was nothing to answer. Default nobody.</summary>
    public IProgress<ReviewProgress>? Progress { get; init; }

    /// <summary>The clock that its patience is measured by. Default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>How far a simulated reviewer has come.</summary>
/// <param name="Answered">Decisions recorded.</param>
/// <param name="Skipped">Tasks answered with a skip: nobody can tell, or nothing is known of them and nothing else came.</param>
/// <param name="Refused">Answers that the server did not take.</param>
/// <param name="Unanswered">The first of the tasks skipped, given back and refused; at most 20.</param>
public sealed record ReviewProgress(long Answered, long Skipped, long Refused, IReadOnlyList<UnansweredTask> Unanswered)
{
    /// <summary>Images of which nothing is known. Each counts once, however often it comes.</summary>
    public long Unknown { get; init; }

    /// <summary>The first of them, by name; at most 20.</summary>
    public IReadOnlyList<string> UnknownSamples { get; init; } = [];

    /// <summary>Those of them whose tasks were given back and not skipped in the end.</summary>
    public long GivenBack { get; init; }

    /// <summary>Answers recorded otherwise than they were given: with shapes that were cut at the edge of the picture.</summary>
    public long Adapted { get; init; }

    /// <summary>The first of them, with what the server said; at most 20.</summary>
    public IReadOnlyList<UnansweredTask> AdaptedSamples { get; init; } = [];
}

/// <summary>A task without an answer, or one whose answer is not what was given.</summary>
/// <param name="Name">Its image.</param>
/// <param name="Reason">Why.</param>
public sealed record UnansweredTask(string Name, string Reason);

/// <summary>
/// Answers review tasks from known labels: a client like any other, for pilots, demonstrations and tests. Whether it errs on an image, and
/// how, follows from the seed and the image alone, so that two runs give the same answers in whatever order they are asked.
/// </summary>
public sealed class SimulatedReviewer
{
    private const int Shown = 20;
    private const int BytesAtOnce = 8 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly WinnowClient _client;
    private readonly SimulatedReviewerOptions _options;
    private readonly ClassIndex _classes;
    private readonly HashSet<ImageId> _givenBack = [];
    private volatile ReviewProgress _progress = new(0, 0, 0, []);

    /// <summary>Works through a client; the client's actor is who history will name.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public SimulatedReviewer(WinnowClient client, SimulatedReviewerOptions options)
    {
        if (options.ErrorRate is not (>= 0 and <= 1))
            throw new ArgumentException($"ErrorRate must be 0 to 1, not {options.ErrorRate}.", nameof(options));
        if (options is { Sets: not null, ErrorRate: > 0 })
            throw new ArgumentException("ErrorRate must be 0 where labels are sets of annotations.", nameof(options));
        if (options.LeaseSize is < 1 or > 1000)
            throw new ArgumentException($"LeaseSize must be 1 to 1000, not {options.LeaseSize}.", nameof(options));
        if (options is { Sets: null, Classes.Count: < 2 }) throw new ArgumentException("At least two classes are needed.", nameof(options));
        (_client, _options) = (client, options);
        _classes = new ClassIndex(new LabelSchema { Classes = [.. options.Classes.Select(c => new LabelClass(c))] });
    }

    /// <summary>Decisions recorded so far.</summary>
    public long Answered => _progress.Answered;

    /// <summary>How far it has come.</summary>
    public ReviewProgress Progress => _progress;

    /// <summary>Answers whatever comes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested) await AnswerSomeAsync(Patience, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way it is meant to end.
        }
    }

    /// <summary>
    /// Answers whatever comes until nothing has come for a while and nothing is about to: no round chooses images, or learns and may be
    /// followed by another. Tasks may be open then that others hold, that it gave back, or that it was asked about and could not tell.
    /// </summary>
    /// <param name="patience">How long nothing may come; above zero.</param>
    /// <param name="cancellationToken">Ends it before.</param>
    /// <exception cref="OperationCanceledException">It was told to end.</exception>
    public async Task RunUntilIdleAsync(TimeSpan patience, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(patience, TimeSpan.Zero);
        var since = _options.TimeProvider.GetTimestamp();
        while (true)
        {
            var left = patience - _options.TimeProvider.GetElapsedTime(since);
            var wait = left > Patience ? Patience : left > TimeSpan.Zero ? left : TimeSpan.Zero;
            if (await AnswerSomeAsync(wait, cancellationToken) || await MoreMayComeAsync(cancellationToken))
                since = _options.TimeProvider.GetTimestamp();
            else if (_options.TimeProvider.GetElapsedTime(since) >= patience) return;
        }
    }

    private async Task<bool> MoreMayComeAsync(CancellationToken cancellationToken) =>
        (await _client.GetStatusAsync(_options.Dataset, cancellationToken)).ActiveRounds.Any(r => r.Step != RoundStep.Review);

    /// <summary>Takes what is to be had and answers it; false when nothing new came within the wait.</summary>
    private async Task<bool> AnswerSomeAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var asked = _options.TimeProvider.GetTimestamp();
        var tasks = await LeaseAsync(new LeaseRequest(_options.LeaseSize, (int)wait.TotalMilliseconds, _options.Kinds), wait,
            cancellationToken);
        var known = tasks.Select(Answer).ToLookup(t => t.Decision is not null);
        if (known[true].Any()) await AnswerAsync([.. known[true]], cancellationToken);
        var news = known[true].Any() | await PassOverAsync([.. known[false]], cancellationToken);
        _options.Progress?.Report(_progress);
        // What was given back comes at once, and again, where nothing else is open.
        var left = wait - _options.TimeProvider.GetElapsedTime(asked);
        if (tasks.Count > 0 && !news && left > TimeSpan.Zero) await Task.Delay(left, _options.TimeProvider, cancellationToken);
        return news;
    }

    /// <summary>
    /// Gives tasks back of which nothing is known. One that comes again, as nothing else is open, may be skipped. Whether anything is new.
    /// </summary>
    private async Task<bool> PassOverAsync(IReadOnlyList<Known> unknown, CancellationToken cancellationToken)
    {
        if (unknown.Count == 0) return false;
        var again = _options.SkipUnknownInTheEnd && _progress.Answered > 0
            ? unknown.ToLookup(u => _givenBack.Contains(u.Task.Image)) : unknown.ToLookup(_ => false);
        var skipped = again[true].Select(u => u with { Decision = new Decision { Kind = DecisionKind.Skip } }).ToArray();
        if (skipped.Length > 0) await AnswerAsync(skipped, cancellationToken);
        _givenBack.ExceptWith(skipped.Select(u => u.Task.Image));
        var rest = again[false].ToArray();
        if (rest.Length > 0) await _client.ReleaseAsync(_options.Dataset, [.. rest.Select(u => u.Task.Image)], cancellationToken);
        var met = rest.Where(u => _givenBack.Add(u.Task.Image)).ToArray();
        _progress = _progress with
        {
            Unknown = _progress.Unknown + met.Length,
            UnknownSamples = [.. _progress.UnknownSamples.Concat(met.Select(u => u.Task.Name)).Take(Shown)],
            GivenBack = _givenBack.Count,
            Unanswered = [.. _progress.Unanswered.Concat(met.Select(u => new UnansweredTask(u.Task.Name, u.Reason!))).Take(Shown)],
        };
        return met.Length > 0 || skipped.Length > 0;
    }

    /// <summary>
    /// Somebody of the same name, elsewhere or before a crash, may hold as many as one person may: then none is to be had for now.
    /// </summary>
    private async Task<IReadOnlyList<ReviewTask>> LeaseAsync(LeaseRequest request, TimeSpan wait, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.LeaseAsync(_options.Dataset, request, cancellationToken);
        }
        catch (WinnowApiException full) when (full.Code == RefusalCodes.TasksHeld)
        {
            await Task.Delay(wait, _options.TimeProvider, cancellationToken);
            return [];
        }
    }

    /// <summary>Answers in parts that a server takes: sets of annotations may be large.</summary>
    private async Task AnswerAsync(IReadOnlyList<Known> known, CancellationToken cancellationToken)
    {
        for (var from = 0; from < known.Count;)
        {
            var (to, size) = (from + 1, SizeOf(known[from]));
            while (to < known.Count && (size += SizeOf(known[to])) < BytesAtOnce) to++;
            await AnswerPartAsync([.. known.Take(to).Skip(from)], cancellationToken);
            from = to;
        }
    }

    private static long SizeOf(Known known) => known.Decision is not { Annotations: { Count: > 0 } said } ? 0
        : JsonSerializer.SerializeToUtf8Bytes([.. said], ModelJson.Default.AnnotationArray).Length;

    private async Task AnswerPartAsync(IReadOnlyList<Known> known, CancellationToken cancellationToken)
    {
        var results = await _client.SubmitAsync(_options.Dataset,
            [.. known.Select(k => new SubmitDecision(k.Task.Image, Guid.NewGuid(), k.Decision!, k.Task.Lease))], cancellationToken);
        var (answered, skips, refused, unanswered) = (_progress.Answered, _progress.Skipped, _progress.Refused,
            _progress.Unanswered.ToList());
        for (var i = 0; i < known.Count; i++)
        {
            var reason = known[i].Reason;
            if (results[i].Status is SubmitStatus.Refused or SubmitStatus.Conflict)
                (reason, refused) = (results[i].Reason ?? "The server did not say why.", refused + 1);
            else if (reason is not null) skips++;
            else if (results[i].Status is SubmitStatus.Recorded or SubmitStatus.SecondOpinion) answered++;
            // One that was given back before is named already.
            var named = _givenBack.Contains(known[i].Task.Image);
            if (reason is not null && !named && unanswered.Count < Shown) unanswered.Add(new UnansweredTask(known[i].Task.Name, reason));
        }
        var adapted = known.Zip(results)
            .Where(k => k.Second is { Status: SubmitStatus.Recorded or SubmitStatus.SecondOpinion, Reason: not null }).ToArray();
        var said = adapted.Select(a => new UnansweredTask(a.First.Task.Name, a.Second.Reason!));
        _progress = _progress with
        {
            Answered = answered,
            Skipped = skips,
            Refused = refused,
            Unanswered = unanswered,
            Adapted = _progress.Adapted + adapted.Length,
            AdaptedSamples = [.. _progress.AdaptedSamples.Concat(said).Take(Shown)],
        };
    }

    private Known Answer(ReviewTask task)
    {
        if (_options.Sets is { } sets)
            return sets(task) is { } set ? new Known(task, new Decision { Kind = DecisionKind.Label, Annotations = set }, null)
                : new Known(task, null, "what it shows is not known");
        if (_options.Truth(task) is not { } truth) return new Known(task, null, "its class is not known");
        if (truth == SimulatedReviewerOptions.CannotTell)
            return new Known(task, new Decision { Kind = DecisionKind.Skip }, "its truth is that nobody can tell");
        if (_classes.Find(truth) is not (>= 0 and var known)) return new Known(task, null, $"'{truth}' is no class of the dataset");
        var said = new ClassTag(AnswerFor(task.Image, _options.Classes[known]));
        return new Known(task, new Decision { Kind = DecisionKind.Label, Annotations = [said] }, null);
    }

    /// <summary>What is known of a task: its answer, null where that is nothing; and why it is no label, where it is none.</summary>
    private sealed record Known(ReviewTask Task, Decision? Decision, string? Reason);

    /// <summary>The class that this reviewer names for an image.</summary>
    internal string AnswerFor(ImageId image, string truth)
    {
        Span<byte> input = stackalloc byte[sizeof(ulong) + ImageId.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(input, _options.Seed);
        image.CopyTo(input[sizeof(ulong)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        var errs = (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * (1.0 / (1UL << 53)) < _options.ErrorRate;
        if (!errs) return truth;
        var others = _options.Classes.Where(c => c != truth).ToArray();
        return others[BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]) % (ulong)others.Length];
    }
}
