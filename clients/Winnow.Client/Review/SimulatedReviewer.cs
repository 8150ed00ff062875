using System.Buffers.Binary;
using System.Security.Cryptography;
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

    /// <summary>
    /// The true class of a task's image; null where it is not known, and a name that is no class, are answered with a skip. <see
    /// cref="LabelFile"/> and <see cref="FolderTruth"/> have such functions.
    /// </summary>
    public required Func<ReviewTask, string?> Truth { get; init; }

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

    /// <summary>Told after each lot how far it has come, and when there was nothing to answer. Default nobody.</summary>
    public IProgress<ReviewProgress>? Progress { get; init; }

    /// <summary>The clock that its patience is measured by. Default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>How far a simulated reviewer has come.</summary>
/// <param name="Answered">Decisions recorded.</param>
/// <param name="Skipped">Tasks answered with a skip, as their truth is not known.</param>
/// <param name="Refused">Answers that the server did not take.</param>
/// <param name="Unanswered">The first of the tasks skipped and refused; at most 20.</param>
public sealed record ReviewProgress(long Answered, long Skipped, long Refused, IReadOnlyList<UnansweredTask> Unanswered);

/// <summary>A task without an answer.</summary>
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
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly WinnowClient _client;
    private readonly SimulatedReviewerOptions _options;
    private readonly ClassIndex _classes;
    private volatile ReviewProgress _progress = new(0, 0, 0, []);

    /// <summary>Works through a client; the client's actor is who history will name.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public SimulatedReviewer(WinnowClient client, SimulatedReviewerOptions options)
    {
        if (options.ErrorRate is not (>= 0 and <= 1)) throw new ArgumentException($"ErrorRate must be 0 to 1, not {options.ErrorRate}.", nameof(options));
        if (options.LeaseSize is < 1 or > 1000) throw new ArgumentException($"LeaseSize must be 1 to 1000, not {options.LeaseSize}.", nameof(options));
        if (options.Classes.Count < 2) throw new ArgumentException("At least two classes are needed.", nameof(options));
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
    /// Answers whatever comes until nothing has come for a while and nothing is about to: no round chooses images, or learns and may be followed by
    /// another. Tasks may be open then that others hold, or that it was asked about and could not tell.
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
            if (await AnswerSomeAsync(wait, cancellationToken) || await MoreMayComeAsync(cancellationToken)) since = _options.TimeProvider.GetTimestamp();
            else if (_options.TimeProvider.GetElapsedTime(since) >= patience) return;
        }
    }

    private async Task<bool> MoreMayComeAsync(CancellationToken cancellationToken) =>
        (await _client.GetStatusAsync(_options.Dataset, cancellationToken)).ActiveRounds.Any(r => r.Step != RoundStep.Review);

    /// <summary>Takes what is to be had and answers it; false when nothing came within the wait.</summary>
    private async Task<bool> AnswerSomeAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var tasks = await LeaseAsync(new LeaseRequest(_options.LeaseSize, (int)wait.TotalMilliseconds), wait, cancellationToken);
        if (tasks.Count > 0) await AnswerAsync(tasks, cancellationToken);
        _options.Progress?.Report(_progress);
        return tasks.Count > 0;
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

    private async Task AnswerAsync(IReadOnlyList<ReviewTask> tasks, CancellationToken cancellationToken)
    {
        var skipped = new string?[tasks.Count];
        var answers = new SubmitDecision[tasks.Count];
        for (var i = 0; i < answers.Length; i++) answers[i] = Answer(tasks[i], out skipped[i]);
        var results = await _client.SubmitAsync(_options.Dataset, answers, cancellationToken);
        var (answered, skips, refused, unanswered) = (_progress.Answered, _progress.Skipped, _progress.Refused,
            _progress.Unanswered.ToList());
        for (var i = 0; i < answers.Length; i++)
        {
            var reason = skipped[i];
            if (results[i].Status is SubmitStatus.Refused or SubmitStatus.Conflict)
                (reason, refused) = (results[i].Reason ?? "The server did not say why.", refused + 1);
            else if (reason is not null) skips++;
            else if (results[i].Status is SubmitStatus.Recorded or SubmitStatus.SecondOpinion) answered++;
            if (reason is not null && unanswered.Count < Shown) unanswered.Add(new UnansweredTask(tasks[i].Name, reason));
        }
        _progress = new ReviewProgress(answered, skips, refused, unanswered);
    }

    /// <summary>The answer to a task, and why it is a skip where it is one.</summary>
    private SubmitDecision Answer(ReviewTask task, out string? skipped)
    {
        var truth = _options.Truth(task);
        var known = truth is null ? -1 : _classes.Find(truth);
        skipped = truth is null ? "its class is not known" : known < 0 ? $"'{truth}' is no class of the dataset" : null;
        var decision = skipped is not null
            ? new Decision { Kind = DecisionKind.Skip }
            : new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(AnswerFor(task.Image, _options.Classes[known]))] };
        return new SubmitDecision(task.Image, Guid.NewGuid(), decision, task.Lease);
    }

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
