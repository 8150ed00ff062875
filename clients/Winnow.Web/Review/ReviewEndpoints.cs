using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Abstractions.Security;
using Winnow.Model.Acts;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Web.Requests;
using Winnow.Web.Security;

namespace Winnow.Web.Review;

internal static class ReviewEndpoints
{
    private const string TooManyWait =
        "As many of your requests wait for tasks as may at the same time (Api:Limits:Waiting). Ask with waitMilliseconds 0, or "
        + "wait with fewer.";
    private const int MaxDecisions = 1_000;
    private const int MaxReleased = 1_000;
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(50);
    private const int DecisionsAtOnce = 64;

    /// <summary>How long word of a lease may take to the queue.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/datasets/{dataset}/tasks/lease",
            async (string dataset, LeaseRequest request, IGrainFactory grains, RequestLimiter limiter, HttpContext http) =>
            {
                // Whoever hangs up while they wait is given nothing: tasks that come then are given back.
                var ct = http.RequestAborted;
                await grains.DatasetAsync(dataset, ct);
                if (request.WaitMilliseconds is < 0 or > 30_000)
                    throw new RefusedException($"waitMilliseconds must be 0 to 30000, not {request.WaitMilliseconds}.");
                using var wait = request.WaitMilliseconds == 0 ? null : limiter.AttemptWait(http);
                if (wait is { IsAcquired: false }) return Problems.Answer(TooManyWait, StatusCodes.Status429TooManyRequests);
                var tasks = await TakeAsync(
                    grains.GetGrain<IQueueGrain>(dataset), request with { Kinds = TaskKinds.Of(http, request) }, http, ct);
                await AddOpinionsAsync(grains, dataset, tasks);
                // By what it is worth a task of the audit sample is told from others, and one that checks people.
                if (!CallerIdentity.Holds(http, Permission.StartRounds)) tasks = [.. tasks.Select(t => t with { Priority = 0 })];
                return Results.Ok(tasks);
            })
            .Requires(Permission.ReviewTasks)
            .LeavesSoon(ActKind.TasksLeased, (call, act) => (call.Answer<ReviewTask[]>() ?? []).Select(t => act with
            {
                Image = t.Image,
                Of = JsonNamingPolicy.KebabCaseLower.ConvertName(t.Kind.ToString()),
            }))
            .Produces<ReviewTask[]>().ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Take review tasks, the most valuable first, each with a signed lease. Waits for the first where asked. "
                + "Whoever is at them for longer presents the leases (tasks/renew), and keeps them through restarts of servers. "
                + "No more come than one person may hold (tasksPerPerson); 409 with code 'tasks-held' where you hold them already. "
                + "Nobody is asked again what they skipped: others are, until the round is ended; a decision without a lease corrects it. "
                + "Beside first labels come tasks to verify and to arbitrate, where you may do them; 'kinds' names those that you want.")
            .WithTags("review");

        api.MapPost("/datasets/{dataset}/tasks/release",
            async (string dataset, IReadOnlyList<ImageId> images, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                if (images.Count > MaxReleased) throw new RefusedException($"At most {MaxReleased} images at once, not {images.Count}.");
                return await ReleaseAsync(
                    grains.GetGrain<IQueueGrain>(dataset), [.. images.Distinct()], CallerIdentity.Of(http), ct);
            })
            .Requires(Permission.ReviewTasks).Produces<ImageId[]>()
            .LeavesSoon(ActKind.TasksReleased, (call, act) =>
                call.Answer<IReadOnlyList<ImageId>>().Select(image => act with { Image = image }))
            .WithSummary("Give tasks back unanswered, at most 1,000 at once; the answer names those that you held. Others are asked, and "
                + "you again where nothing else is left for you.")
            .WithTags("review");

        api.MapPost("/datasets/{dataset}/tasks/renew",
            async (string dataset, IReadOnlyList<string> leases, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                CallerContext.Kinds = TaskKinds.Of(http);
                // To its end, as a lease is taken: what is held for whoever hung up would be held for nobody.
                return await grains.GetGrain<IQueueGrain>(dataset).RenewAsync([.. leases], CallerIdentity.Of(http), CancellationToken.None);
            })
            .Requires(Permission.ReviewTasks).LeavesNothing("Whoever keeps a task has been given it already.")
            .Produces<RenewedLease[]>()
            .WithSummary("Present the leases of tasks that you are still at, every three seconds: you keep them, also where the server "
                + "that gave them is lost or restarted, and each ends a whole period later once a quarter of it is over, for 24 "
                + "periods at most. What nobody presents within a few seconds of such a loss is offered to others. Answers come in "
                + "the order of the leases; one without a lease says why, and one without leasedUntil could not be looked at now.")
            .WithTags("review");

        api.MapPost("/datasets/{dataset}/tasks/priorities",
            async (string dataset, IReadOnlyList<TaskPriority> priorities, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                if (priorities.Count > TaskPriority.MostAtOnce)
                    throw new RefusedException($"At most {TaskPriority.MostAtOnce} priorities at once, not {priorities.Count}.");
                for (var i = 0; i < priorities.Count; i++)
                    if (priorities[i].Check() is { } wrong) throw new RefusedException($"[{i}].{wrong}");
                var tasks = await grains.GetGrain<IQueueGrain>(dataset).PrioritizeAsync([.. priorities], ct);
                return new ChangedTasks(tasks);
            })
            .Requires(Permission.StartRounds)
            .Leaves(ActKind.PrioritiesSet, (call, act) => act with { Of = $"{call.Answer<ChangedTasks>().Tasks}" })
            .Produces<ChangedTasks>()
            .WithSummary("Say what asking about images is worth: of tasks of a kind the higher come first. Images that nothing is asked "
                + "about are left out; the answer says how many were changed. At most 1,000 at once.")
            .WithTags("review");

        api.MapGet("/datasets/{dataset}/people", async (
                string dataset, string? after, int? limit, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                var all = await grains.GetGrain<IDatasetGrain>(dataset).GetPeopleAsync(ct);
                return Pages.Cut(http, all, after, limit, p => p.Person).ToArray();
            })
            .Requires(Permission.ReadPeople).Produces<PersonWork[]>()
            .WithSummary("What each person did, and how far others agree: verifiers, those who labelled the same image, an arbitrator, "
                + "and what is known of gold images. Counted from the histories of all images, at most 1,000 people. "
                + $"{Pages.Next}, where it comes, is 'after' of the next page.")
            .WithTags("review");

        api.MapPost("/datasets/{dataset}/decisions",
            async (string dataset, IReadOnlyList<SubmitDecision> decisions, IGrainFactory grains, HttpContext http, CancellationToken ct) =>
            {
                await grains.DatasetAsync(dataset, ct);
                if (decisions.Count > MaxDecisions)
                    throw new RefusedException($"At most {MaxDecisions} decisions at once, not {decisions.Count}.");
                CallerContext.Kinds = TaskKinds.Of(http);
                var corrects = CallerIdentity.Holds(http, Permission.CorrectDecisions);
                var actor = CallerIdentity.Of(http);
                var results = new SubmitResult[decisions.Count];
                async ValueTask SubmitAsync(int i, CancellationToken token)
                {
                    var image = grains.GetGrain<IImageGrain>(GrainKeys.Image(dataset, decisions[i].Image));
                    results[i] = corrects
                        ? await image.SubmitAsync(decisions[i], actor, token)
                        : await image.AmendOwnAsync(decisions[i], actor, token);
                }

                // One by one they come from people: nobody waits for a turn of the thread pool.
                if (decisions.Count == 1) await SubmitAsync(0, ct);
                else await Parallel.ForAsync(0, decisions.Count,
                    new ParallelOptions { MaxDegreeOfParallelism = DecisionsAtOnce, CancellationToken = ct }, SubmitAsync);
                return results;
            })
            .Requires(Permission.ReviewTasks)
            .LeavesWithin(ActKind.DecisionMade, ActKind.DecisionTakenBack, ActKind.AskedAgain, ActKind.GoldSet)
            .WithSummary("Submit decisions. Each is on disk when its result says so; sending the same again is harmless. "
                + "One answer per person, task and version: a second one, or another's operation id, is a conflict that says so. "
                + "Without a lease it changes what stands: a correction, 'take-back' of an entry, 'ask-again', 'gold'. Everybody may "
                + "change what they said last themselves; all else needs correct-decisions.")
            .WithTags("review");
    }

    /// <summary>A grain call must end within the response timeout, so a long wait is several short ones.</summary>
    private static async Task<ReviewTask[]> TakeAsync(
        IQueueGrain queue, LeaseRequest request, HttpContext http, CancellationToken ct)
    {
        const int OneWait = 4_000;
        var actor = CallerIdentity.Of(http);
        var left = request.WaitMilliseconds;
        while (true)
        {
            var wait = Math.Min(left, OneWait);
            var asked = Stopwatch.GetTimestamp();
            // To its end, whoever still listens: an answer that nobody awaits could hold tasks, and nobody would know of them.
            var tasks = await queue.TakeAsync(request with { WaitMilliseconds = wait }, actor, CancellationToken.None);
            left -= wait;
            if (ct.IsCancellationRequested) await GiveBackAsync(queue, tasks, actor);
            ct.ThrowIfCancellationRequested();
            // Who waited may have lost the key or the role meanwhile: nothing is handed out that was not allowed at the moment of it.
            if (Stopwatch.GetElapsedTime(asked) > AtOnce && !await TaskKinds.StillMayAsync(http, tasks))
            {
                await GiveBackAsync(queue, tasks, actor);
                throw new ForbiddenException("The key or role with which you asked is not in force any more.");
            }
            if (tasks.Length > 0 || left <= 0) return tasks;
        }
    }

    private static async Task<IReadOnlyList<ImageId>> ReleaseAsync(
        IQueueGrain queue, ImageId[] images, string actor, CancellationToken cancellationToken)
    {
        try
        {
            return await queue.GiveBackAsync(images, actor, cancellationToken);
        }
        catch (Exception e) when (e is not (OperationCanceledException or RefusedException or SetAsideException or TimeoutException))
        {
            // A silo of the last release cannot be asked which, and nobody is told of what it may not have done.
            await queue.ReleaseAsync(images, actor, cancellationToken);
            return [];
        }
    }

    /// <summary>
    /// Tells what tasks ask about. An image that does not answer now keeps nobody from the others: its own page tells the same.
    /// </summary>
    private static Task AddOpinionsAsync(IGrainFactory grains, string dataset, ReviewTask[] tasks) =>
        tasks.Where(t => t.Kind != TaskKind.Label).ToArray() is not { Length: > 0 } about ? Task.CompletedTask
        : Parallel.ForEachAsync(about, new ParallelOptions { MaxDegreeOfParallelism = DecisionsAtOnce }, async (task, _) =>
        {
            try
            {
                var image = grains.GetGrain<IImageGrain>(GrainKeys.Image(dataset, task.Image));
                task.Opinions = await image.GetOpinionsAsync(CancellationToken.None);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or UnavailableException or SetAsideException)
            {
                // The lease is theirs; an error in place of all would have it held for nobody.
            }
        });

    /// <summary>
    /// Gives tasks back that nobody will hear of. Not those whose leases are about to end, or have: the same person may hold such a task
    /// under another lease when the queue hears of it.
    /// </summary>
    private static async Task GiveBackAsync(IQueueGrain queue, ReviewTask[] tasks, string actor)
    {
        var now = TimeProvider.System.GetUtcNow();
        ImageId[] held = [.. tasks.Where(t => t.LeasedUntil - now > OnItsWay).Select(t => t.Image)];
        if (held.Length > 0) await queue.ReleaseAsync(held, actor, CancellationToken.None);
    }
}
