using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Grains.Ports;
using Winnow.Grains.Telemetry;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Policies;
using Winnow.Model.Review;

namespace Winnow.Grains.Review;

/// <summary>
/// The people whom a queue gives tasks: who is at work, and how many one may hold. With <c>tasksPerPerson</c> in hand nobody is given
/// another; only leases that run count: those that this queue gave, and those of an earlier one that were presented here.
/// </summary>
internal sealed partial class QueueGrain
{
    /// <summary>How long word of an answer that was recorded may take until it comes here: nobody waits for it.</summary>
    private static readonly TimeSpan WordOnItsWay = TimeSpan.FromMilliseconds(500);

    /// <summary>How long what is known of the policies holds.</summary>
    private static readonly TimeSpan PoliciesHold = TimeSpan.FromSeconds(1);

    private readonly PeopleAtWork _people = new();
    private TaskCompletionSource? _room;
    private DatasetPolicies? _known;
    private long _policiesAskedAt;
    private Task _policies = Task.CompletedTask;

    /// <summary>How many one may hold; what the dataset was created with, as long as its grain has not said.</summary>
    private int TasksPerPerson => _known?.TasksPerPerson ?? _dataset.Settings.TasksPerPerson;

    /// <summary>How many people label an image.</summary>
    private int LabelsPerImage => _known?.LabelsPerImage ?? 1;

    /// <summary>How many people may be at a task at the same time.</summary>
    private int SlotsOf(in ReservedTask task) =>
        task.Kind == TaskKind.Label ? Math.Max(1, LabelsPerImage - (task.AnsweredBy?.Length ?? 0)) : 1;

    /// <summary>On which terms a task is given; null where leases say nothing of them.</summary>
    private TaskTerms? TermsOf(in ReservedTask task)
    {
        if (!level.KeepsTiers) return null;
        var verify = task.Kind == TaskKind.Label && LabelsPerImage == 1 && _known!.VerifyShare > 0
            && _leases.DrawOf(_dataset.Name, task.Image) < _known.VerifyShare;
        var settles = task.Kind == TaskKind.Verify && _known is { VerifierSettles: true };
        var terms = new TaskTerms(task.Kind, task.Kind == TaskKind.Label ? LabelsPerImage : 1, verify, settles);
        return terms;
    }

    /// <summary>
    /// Asks for the policies once in a while. Nobody waits for the answer but who comes first, and that for a moment: tasks are given out
    /// whether the dataset's grain answers or not, on the terms that are known.
    /// </summary>
    private async ValueTask FollowPoliciesAsync()
    {
        if (_policies.IsCompleted && (_known is null || time.GetElapsedTime(_policiesAskedAt) >= PoliciesHold))
        {
            _policiesAskedAt = time.GetTimestamp();
            _policies = AskPoliciesAsync();
        }
        if (_known is null) await Task.WhenAny(_policies, Task.Delay(WordOnItsWay, time));
        // On which terms tasks are given is not guessed: what was recorded of the policies is in the ledger too.
        if (_known is null && level.KeepsTiers) _known = await ReadPoliciesAsync();
    }

    private async Task<DatasetPolicies> ReadPoliciesAsync()
    {
        var stored = await records.ReadAllAsync<DatasetPolicies>(ControlStorage.Policies, _dataset.Name, CancellationToken.None);
        return stored.Select(r => r.State).MaxBy(p => p.Version) ?? DatasetPolicies.First(_dataset);
    }

    private async Task AskPoliciesAsync()
    {
        try
        {
            _known = await GrainFactory.GetGrain<IDatasetGrain>(_dataset.Name).GetPoliciesAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            // It moves, or is of the last release and knows no policies: what was known holds.
            if (!level.KeepsTiers) _known ??= DatasetPolicies.First(_dataset);
            logger.PoliciesSilent(e, _dataset.Name);
        }
    }

    public Task<string[]> GetAtWorkAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return Task.FromResult<string[]>([.. _people.Lately(now).Union(_stock.Holders(now), StringComparer.Ordinal)]);
    }

    /// <summary>Puts tasks back, and tells their images so: nobody answers first under a lease that they have given back.</summary>
    public Task ReleaseAsync(ImageId[] images, string actor, CancellationToken cancellationToken) =>
        GiveBackAsync(images, actor, cancellationToken);

    public async Task<ImageId[]> GiveBackAsync(ImageId[] images, string actor, CancellationToken cancellationToken)
    {
        var (given, told, now) = (new List<ImageId>(), new List<Task>(), time.GetUtcNow());
        foreach (var image in images)
        {
            LetGo(image, actor);
            if ((_stock.PutBack(image, actor, skipped: false, now) ?? _checks.PutBack(image, actor, now)) is not { } ends) continue;
            given.Add(image);
            told.Add(GaveBackAsync(image, actor, ends, cancellationToken));
        }
        RoomMade();
        await Task.WhenAll(told);
        Arrived();
        return [.. given];
    }

    private async Task GaveBackAsync(ImageId image, string actor, DateTimeOffset ends, CancellationToken cancellationToken)
    {
        try
        {
            await GrainFactory.GetGrain<IImageGrain>(GrainKeys.Image(_dataset.Name, image)).GaveBackAsync(actor, ends, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // It moves, or its silo is of the last release: the task is back all the same.
            logger.GivingBackUntold(e, _dataset.Name, image);
        }
    }

    /// <summary>How many tasks the person may still take.</summary>
    private int RoomOf(string actor) => TasksPerPerson - HeldBy(actor);

    /// <summary>How many tasks a person holds. One that checks them is a task like any other.</summary>
    private int HeldBy(string actor)
    {
        var now = time.GetUtcNow();
        return _stock.HeldBy(actor, now) + _checks.HeldBy(actor, now);
    }

    /// <summary>Waits a moment for what the person has answered or given back just now.</summary>
    /// <exception cref="RefusedException">The person holds as many as one may.</exception>
    private async Task<int> MakeRoomAsync(string actor, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (RoomOf(actor) <= 0)
        {
            var left = WordOnItsWay - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) throw Full(actor);
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await Task.WhenAny(_room.Task, Task.Delay(left, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
        return RoomOf(actor);
    }

    private void RoomMade()
    {
        _room?.TrySetResult();
        _room = null;
    }

    private RefusedException Full(string actor)
    {
        var held = HeldBy(actor);
        return new RefusedException(
            $"You hold {held} review task{(held == 1 ? "" : "s")} of dataset '{_dataset.Name}', and one person holds at most "
            + $"{TasksPerPerson} at a time (tasksPerPerson). Answer some, or give them back (tasks/release); "
            + $"what is neither answered nor given back nor renewed is no longer yours {_dataset.Settings.LeasePeriod:c} after it was "
            + "taken.")
        {
            Code = RefusalCodes.TasksHeld,
        };
    }
}
