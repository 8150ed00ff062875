using Winnow.Abstractions.Review;
using Winnow.Model.Images;
using Winnow.Model.Review;

namespace Winnow.Grains.Shards;

/// <summary>What queues and people ask of a shard.</summary>
internal sealed partial class ShardGrain
{
    [Needs(ShardPart.Scores)]
    public Task<ReservedTasks> ReserveAsync(int max, DateTimeOffset until, CancellationToken cancellationToken) =>
        _reservations.ReserveAsync(max, until, cancellationToken);

    [Needs(ShardPart.Scores)]
    public Task<ReservedTasks> ReserveInTurnAsync(long turn, int max, DateTimeOffset until, CancellationToken cancellationToken) =>
        _reservations.ReserveInTurnAsync(turn, TaskKind.Label, max, until, cancellationToken);

    [Needs(ShardPart.Scores)]
    public Task<ReservedTasks> ReserveOfKindAsync(
        long turn, TaskKind kind, int max, DateTimeOffset until, CancellationToken cancellationToken) =>
        _reservations.ReserveInTurnAsync(turn, kind, max, until, cancellationToken);

    [Needs(ShardPart.Scores)]
    public Task<ReservedTasks> TakeOverAsync(long turn, ImageId[] held, DateTimeOffset until, CancellationToken cancellationToken) =>
        _reservations.TakeOverAsync(turn, held, until, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<ExtendedTasks> ExtendInTurnAsync(long turn, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken) =>
        _reservations.ExtendInTurnAsync(turn, images, until, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<ImageId[]> KeepAsync(long turn, ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken) =>
        _reservations.KeepAsync(turn, images, until, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task ReleaseInTurnAsync(long turn, ImageId[] images, CancellationToken cancellationToken) =>
        _reservations.ReleaseInTurnAsync(turn, images, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task ReleaseAsync(ImageId[] images, CancellationToken cancellationToken) =>
        _reservations.ReleaseAsync(images, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task ExtendAsync(ImageId[] images, DateTimeOffset until, CancellationToken cancellationToken) =>
        _reservations.ExtendAsync(images, until, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<CommitOutcome> CommitAsync(HumanFact fact, CancellationToken cancellationToken) =>
        _desk.CommitAsync(fact, cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<ImageId[]> PrioritizeAsync(TaskPriority[] priorities, CancellationToken cancellationToken) =>
        _desk.PrioritizeAsync(priorities, cancellationToken);

    [Needs(ShardPart.Scores)]
    public Task<ReservedTask[]> GetGoldAsync(int max, CancellationToken cancellationToken) => _describer.GoldAsync(max, cancellationToken);

    [Needs(ShardPart.Columns)]
    public Task<LyingImages> GetLyingAsync(ImageId[] images, CancellationToken cancellationToken) =>
        Task.FromResult(_learner.LyingOf(images));

    [Needs(ShardPart.Rows)]
    public Task<PersonWork[]> GetPeopleAsync(CancellationToken cancellationToken) => _describer.PeopleAsync(cancellationToken);

    [Needs(ShardPart.Rows)]
    public Task<int> DiscardUnusableTasksAsync(CancellationToken cancellationToken) => _loader.DiscardUnusableTasksAsync();
}
