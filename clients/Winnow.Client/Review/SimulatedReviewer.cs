using System.Buffers.Binary;
using System.Security.Cryptography;
using Winnow.Model.Images;
using Winnow.Model.Prelabels;
using Winnow.Model.Review;

namespace Winnow.Client;

/// <summary>How a simulated reviewer behaves.</summary>
public sealed record SimulatedReviewerOptions
{
    /// <summary>The dataset to work on.</summary>
    public required string Dataset { get; init; }

    /// <summary>The true class of a task's image; null where it is not known, which is answered with a skip.</summary>
    public required Func<ReviewTask, string?> Truth { get; init; }

    /// <summary>All classes: a wrong answer is drawn from the others.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Share of answers that are wrong, 0 to 1. Default 0.</summary>
    public double ErrorRate { get; init; }

    /// <summary>Seeds which answers are wrong. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Tasks taken at a time, 1 to 1,000. Default 50.</summary>
    public int LeaseSize { get; init; } = 50;
}

/// <summary>
/// Answers review tasks from known labels: a client like any other, for pilots, demonstrations and tests. Whether it errs on an image, and
/// how, follows from the seed and the image alone, so that two runs give the same answers in whatever order they are asked.
/// </summary>
public sealed class SimulatedReviewer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly WinnowClient _client;
    private readonly SimulatedReviewerOptions _options;
    private long _answered;

    /// <summary>Works through a client; the client's actor is who history will name.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public SimulatedReviewer(WinnowClient client, SimulatedReviewerOptions options)
    {
        if (options.ErrorRate is not (>= 0 and <= 1)) throw new ArgumentException($"ErrorRate must be 0 to 1, not {options.ErrorRate}.", nameof(options));
        if (options.LeaseSize is < 1 or > 1000) throw new ArgumentException($"LeaseSize must be 1 to 1000, not {options.LeaseSize}.", nameof(options));
        if (options.Classes.Count < 2) throw new ArgumentException("At least two classes are needed.", nameof(options));
        (_client, _options) = (client, options);
    }

    /// <summary>Decisions recorded so far.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>Answers whatever comes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var tasks = await _client.LeaseAsync(_options.Dataset, new LeaseRequest(_options.LeaseSize, (int)Patience.TotalMilliseconds), cancellationToken);
                if (tasks.Count == 0) continue;
                var results = await _client.SubmitAsync(_options.Dataset, [.. tasks.Select(Answer)], cancellationToken);
                Interlocked.Add(ref _answered, results.Count(r => r.Status is SubmitStatus.Recorded or SubmitStatus.SecondOpinion));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way it is meant to end.
        }
    }

    private SubmitDecision Answer(ReviewTask task)
    {
        var truth = _options.Truth(task);
        var decision = truth is null
            ? new Decision { Kind = DecisionKind.Skip }
            : new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(AnswerFor(task.Image, truth))] };
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
