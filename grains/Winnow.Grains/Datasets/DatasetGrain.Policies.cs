using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Review;
using Winnow.Algorithms.Training;
using Winnow.Grains.Placement;
using Winnow.Grains.Telemetry;
using Winnow.Model.Policies;
using Winnow.Model.Review;

namespace Winnow.Grains.Datasets;

/// <summary>The policies of a dataset, those that hold and all that did, and what people came to who follow them.</summary>
internal sealed partial class DatasetGrain
{
    public Task<DatasetPolicies> GetPoliciesAsync(CancellationToken cancellationToken) => Task.FromResult(_records.Policies[^1]);

    public Task<DatasetPolicies[]> ListPoliciesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<DatasetPolicies[]>([.. _records.Policies]);

    public async Task<DatasetPolicies> ChangePoliciesAsync(ChangePolicies change, string actor, CancellationToken cancellationToken)
    {
        var changed = await InTurnAsync(async () =>
        {
            var current = _records.Policies[^1];
            var next = PolicyChange.Next(current, change, actor, time.GetUtcNow());
            if (ReferenceEquals(next, current)) return current;
            if (change.Trainer is { } trainer && Learnable.NotFor(Trainers.All.Get(trainer), _dataset.Schema) is { } unfit)
                throw new RefusedException(unfit);
            if (!level.KeepsRecords)
                throw new RefusedException(
                    "Policies can be changed once every silo of the cluster is of this release. Until then nothing was changed.");
            if (!next.ArePlain && !level.KeepsTiers) throw new RefusedException(KnownLevel.TooLow);
            await WriteAsync(() => _records.SaveAsync(next));
            logger.PoliciesChanged(_dataset.Name, next.Version, actor);
            return next;
        }, cancellationToken);
        // Shards that do not hear of it now do so when they open, or when a round asks them; who repeats the call tells them again.
        if (change.AskBelow is not null) await TellAsync(Learning, cancellationToken);
        return changed;
    }

    public async Task<PersonWork[]> GetPeopleAsync(CancellationToken cancellationToken)
    {
        var shards = await OnShardsAsync((IShardReview s) => s.GetPeopleAsync(cancellationToken), cancellationToken);
        return [.. shards.SelectMany(p => p).GroupBy(p => p.Person, StringComparer.Ordinal)
            .Select(g => g.Aggregate((one, other) => one.With(other))).OrderBy(p => p.Person, StringComparer.Ordinal)];
    }

    /// <summary>The policies of a version; the newest where none is named.</summary>
    private DatasetPolicies PoliciesOf(int? version) => version is not { } number ? _records.Policies[^1]
        : _records.Policies.Find(p => p.Version == number)
            ?? throw new RefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"policies: dataset '{_dataset.Name}' has {_records.Policies.Count} versions of them, and none is {number}."));
}
