using Winnow.Abstractions.Images;
using Winnow.Abstractions.Training;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Schedules;

/// <summary>Who is at work in it: people, a round that asks, and trouble.</summary>
internal sealed partial class ReviewWorld
{
    /// <summary>Takes tasks and answers, returns or forgets them.</summary>
    private async Task PersonAsync(string actor)
    {
        for (var turn = 0; turn < Turns; turn++)
        {
            ReviewTask[] tasks = [];
            var request = new LeaseRequest(1 + _random.Next(3), _random.Next(2) * 800, Kinds);
            await AsFarAsItGoesAsync(async () => tasks = await Queue.TakeAsync(request, actor, Never));
            foreach (var task in tasks) _book.Was(task, actor);
            _taken.AddRange(tasks.Select(t => (t, actor)));
            if (_takesTurns && tasks.Length > 0 && _random.Next(3) == 0) tasks = await StayAtAsync(tasks, actor);
            foreach (var task in tasks)
            {
                switch (_random.Next(6))
                {
                    case 0:
                        break;
                    case 1:
                        _book.LetsGo(task.Image, actor);
                        await AsFarAsItGoesAsync(() => Queue.ReleaseAsync([task.Image], actor, Never));
                        break;
                    case var kind:
                        await AnswerAsync(task, actor, kind == 2 ? DecisionKind.Skip
                            : kind == 3 && task.Kind == TaskKind.Verify ? DecisionKind.Confirm : DecisionKind.Label);
                        break;
                }
            }
            if (_random.Next(3) == 0) await Task.Delay(TimeSpan.FromSeconds(_random.Next(50)), Clock, Never);
        }
    }

    /// <summary>Looks at tasks for a while and presents their leases meanwhile; those that are left in the end.</summary>
    private async Task<ReviewTask[]> StayAtAsync(ReviewTask[] tasks, string actor)
    {
        for (var times = 1 + _random.Next(12); times > 0 && tasks.Length > 0; times--)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1_000 + _random.Next(3_000)), Clock, Never);
            var began = Clock.GetUtcNow();
            RenewedLease[] renewed = [];
            // Now and then somebody shows what they had long ago, and may have it again where nobody else has.
            var old = _random.Next(4) == 0 && _taken.Count > 0 ? _taken[_random.Next(_taken.Count)] : default;
            if (old.Actor == actor && tasks.All(t => t.Image != old.Task.Image)) await AgainAsync(old.Task, actor);
            string[] leases = [.. tasks.Select(t => t.Lease)];
            if (!await AsFarAsItGoesAsync(async () => renewed = await Queue.RenewAsync(leases, actor, Never))) continue;
            foreach (var (task, lease) in tasks.Zip(renewed))
            {
                if (lease.Lease is null) _book.WasRefused(task.Image, task.Kind, actor, task.LeasedUntil, lease.Reason!);
                else if (lease.LeasedUntil is { } until) _book.Presented(task.Image, task.Kind, actor, began, until);
            }
            tasks = [.. tasks.Zip(renewed).Where(t => t.Second.Lease is not null)
                .Select(t => t.First with { Lease = t.Second.Lease!, LeasedUntil = t.Second.LeasedUntil ?? t.First.LeasedUntil })];
        }
        return tasks;
    }

    private async Task AgainAsync(ReviewTask task, string actor)
    {
        var began = Clock.GetUtcNow();
        RenewedLease[] renewed = [];
        var answered = await AsFarAsItGoesAsync(async () => renewed = await Queue.RenewAsync([task.Lease], actor, Never));
        if (answered && renewed[0].LeasedUntil is { } until) _book.Presented(task.Image, task.Kind, actor, began, until);
    }

    private async Task AnswerAsync(ReviewTask task, string actor, DecisionKind kind)
    {
        _book.LetsGo(task.Image, actor);
        var operation = new Guid((int)_random.NextUInt64(), 1, 2, new byte[8]);
        var decision = new SubmitDecision(task.Image, operation, new Decision
        {
            Kind = kind,
            Annotations = kind == DecisionKind.Label ? [new ClassTag(task.Kind == TaskKind.Verify ? "dog" : "cat")] : [],
        }, task.Lease);
        await SayAsync(decision, actor);
    }

    private async Task SayAsync(SubmitDecision decision, string actor)
    {
        _book.Sent(decision);
        // Who was not told asks again, as every client does.
        for (var tries = 0; tries < 3; tries++)
        {
            var image = Grain<IImageGrain>(GrainKeys.Image(Name, decision.Image));
            if (await AsFarAsItGoesAsync(async () => _book.Was(decision, await image.SubmitAsync(decision, actor, Never)))) return;
        }
    }

    /// <summary>
    /// Takes back what others said and has images asked about again. Whoever has a lease on such an image has lost it to the answer that
    /// was there.
    /// </summary>
    private async Task AmendAsync()
    {
        for (var turn = 0; turn < Amendments; turn++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(30_000)), Clock, Never);
            var image = _images[_random.Next(Images)];
            ImageDetail? seen = null;
            await AsFarAsItGoesAsync(async () => seen = await Grain<IImageGrain>(GrainKeys.Image(Name, image)).GetAsync(Never));
            if (seen is not { Version: > 0 and var version }) continue;
            foreach (var person in People) _book.LetsGo(image, person);
            var said = _random.Next(3) == 0 ? new Decision { Kind = DecisionKind.AskAgain }
                : new Decision { Kind = DecisionKind.TakeBack, Of = 1 + _random.Next((int)version) };
            var operation = new Guid((int)_random.NextUInt64(), 1, 2, new byte[8]);
            await SayAsync(new SubmitDecision(image, operation, said, ExpectedVersion: version), "max");
        }
    }

    /// <summary>A round that asks about further images, and now and then gives up waiting for them; then another one asks.</summary>
    private async Task AskAsync()
    {
        await AskAsync(2);
        if (_random.Next(2) == 0) return;
        await Task.Delay(TimeSpan.FromSeconds(_random.Next(30)), Clock, Never);
        // What a round withdraws is nobody's any more, whatever they were promised.
        foreach (var image in _images[^AskedLater..])
            foreach (var person in People) _book.LetsGo(image, person);
        for (var shard = 0; shard < 2; shard++)
            await UntilItIsDoneAsync(() => Grain<IShardLearning>(GrainKeys.Shard(Name, shard)).WithdrawAsync(Arms.Main, 2, Never));
        await AskAsync(3);
    }

    private async Task AskAsync(int round)
    {
        foreach (var image in _images[^AskedLater..])
        {
            var wanted = new EnqueueTasks(Arms.Main, round, [0], [_random.Next(9)], [image]);
            await UntilItIsDoneAsync(() => Grain<IShardLearning>(ShardOf(image)).EnqueueAsync(wanted, Never));
        }
    }

    private async Task UntilItIsDoneAsync(Func<Task> work)
    {
        while (!await AsFarAsItGoesAsync(work)) await Task.Delay(TimeSpan.FromSeconds(1), Clock, Never);
    }

    private async Task TroubleAsync()
    {
        for (var i = 0; i < Troubles; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(25_000)), Clock, Never);
            var shard = GrainKeys.Shard(Name, _random.Next(2));
            var trouble = _random.Next(6);
            _silos.Told?.Invoke($"trouble {trouble}, {shard}");
            switch (trouble)
            {
                case 0:
                    _silos.GiveUp("queue", Name);
                    break;
                case 1:
                    _silos.GiveUp("shard", shard);
                    break;
                case 2:
                    _silos.GiveUp("image", GrainKeys.Image(Name, _images[_random.Next(Images)]));
                    break;
                case 3:
                    await AsFarAsItGoesAsync(() => _silos.EndAsync("queue", Name));
                    break;
                case 4:
                    await AsFarAsItGoesAsync(() => _silos.EndAsync("shard", shard));
                    break;
            }
        }
    }
}
