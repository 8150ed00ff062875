using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Security;
using Winnow.Abstractions.Training;
using Winnow.Grains.Columns;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Grains.Datasets;

/// <summary>
/// The backbones of a dataset: what may be asked of them. What goes on in the background, and comparing, stand in files of their own.
/// </summary>
internal sealed partial class DatasetGrain
{
    /// <summary>Of so many images a backbone may make nothing, or of one in a hundred, before switching to it is refused.</summary>
    private const int FewUnusable = 10;

    private BackboneBook Book => state.State.Backbones;

    private string ServingBackbone => Book.Serving ?? _dataset.Settings.Backbone;

    public async Task<BackboneInfo[]> ListBackbonesAsync(CancellationToken cancellationToken) =>
        BackbonesOf(await OnShardsAsync((IShardIngest s) => s.GetSummaryAsync(cancellationToken), cancellationToken));

    public Task<BackboneInfo> AddBackboneAsync(string name, Guid operationId, CancellationToken cancellationToken) =>
        ChangeAsync("add", name, operationId, async () =>
        {
            if (Book.Find(name) is { Stage: not BackboneStage.Dropped } || name == ServingBackbone) return;
            if (Book.Find(name) is not null)
                throw new RefusedException($"What backbone '{name}' made before is still being removed. Add it again in a moment.");
            // A silo of the last release would withdraw the segments of either, and forget the book.
            if (level.Value < ClusterLevels.Backbones) throw new RefusedException(KnownLevel.TooLow);
            ThrowIfNotToBeAdded(name);
            // Rounds of before there were several were all on the one that serves.
            var used = Book.All.Count == 0 && _records.Rounds.Count > 0;
            Book.Add(name, _dataset.Settings.Backbone, ActorOrLocal, time.GetUtcNow());
            Book.Find(ServingBackbone)!.Used |= used;
            state.State.Learning.Sequence++;
            await Task.CompletedTask;
        }, cancellationToken);

    public async Task<BackboneInfo> SwitchBackboneAsync(string name, Guid operationId, CancellationToken cancellationToken)
    {
        if (name != ServingBackbone && !IsKnown(operationId))
        {
            // Up to seconds in a large pool, so no turn is taken; what may have changed meanwhile is asked again within it.
            await ThrowIfNotToBeServedAsync(name, cancellationToken);
            await PutAsideUnusableAsync(name, cancellationToken);
        }
        return await ChangeAsync("switch", name, operationId, async () =>
        {
            if (name == ServingBackbone) return;
            await ThrowIfNotToBeServedAsync(name, cancellationToken);
            Book.Switch(Book.Find(name)!, state.State.Learning);
        }, cancellationToken);
    }

    public async Task<BackboneInfo?> DropBackboneAsync(string name, Guid operationId, CancellationToken cancellationToken)
    {
        if (Book.Find(name) is null && name != ServingBackbone && !IsKnown(operationId)) return null;
        return await ChangeAsync("drop", name, operationId, async () =>
        {
            if (name == ServingBackbone)
                throw new RefusedException($"Backbone '{name}' serves dataset '{_dataset.Name}'. Switch to another one first.");
            if (Book.Find(name) is not { Stage: not BackboneStage.Dropped } entry) return;
            entry.Stage = BackboneStage.Dropped;
            state.State.Learning.Sequence++;
            await Task.CompletedTask;
        }, cancellationToken);
    }

    private bool IsKnown(Guid operationId) => Book.Operations.Exists(o => o.OperationId == operationId);

    private static string ActorOrLocal => CallerContext.Actor ?? "local";

    /// <summary>Makes a change once for its operation id, in one write, and tells the shards; what is told of the backbone then.</summary>
    private async Task<BackboneInfo> ChangeAsync(
        string what, string name, Guid operationId, Func<Task> change, CancellationToken cancellationToken)
    {
        var (actor, content) = (ActorOrLocal, OperationStamp.ContentOf(what, name));
        await InTurnAsync(async () =>
        {
            if (Book.Operations.Find(o => o.OperationId == operationId) is { } known)
            {
                if (ActorName.Read(known.By).Actor != actor || known.Content != content)
                    throw OperationStamp.Conflict(operationId, "for backbones");
                return false;
            }
            await change();
            // Where nothing changes it is remembered too: sent once more, late, it must not do then what it did not do now.
            if (Book.All.Count == 0) return false;
            Book.Note(new BackboneOperation(operationId, actor, content, time.GetUtcNow()));
            await WriteAsync();
            return true;
        }, cancellationToken);
        TendBackbones();
        // It stands, whether all shards have heard of it or not: those that have not are told until they have.
        await Task.WhenAny(ToldAsync(), Task.Delay(TellingMayTake, time, cancellationToken));
        var all = await ListBackbonesAsync(cancellationToken);
        return all.FirstOrDefault(b => b.Name == name) ?? new BackboneInfo { Name = name, Stage = BackboneStage.Dropped };
    }

    private void ThrowIfNotToBeAdded(string name)
    {
        if (!BackboneName.IsValid(name)) throw new RefusedException($"name cannot be {ShownText.Quote(name)}. {BackboneName.Rule}");
        if (devices.Unknown(name) is { } unknown) throw new RefusedException(unknown);
        string[] there = Book.All.Count == 0 ? [_dataset.Settings.Backbone] : [.. Book.All.Select(b => b.Name)];
        if (there.FirstOrDefault(b => EmbeddingVersion.Clash(b, name)) is { } alike)
            throw new RefusedException(
                $"The embeddings of '{name}' could be taken for those of '{alike}'. Give the ONNX file another name.");
        if (there.Length >= BackboneBook.Most)
            throw new RefusedException($"A dataset keeps {BackboneBook.Most} backbones at most. Drop one first ('winnow backbones drop').");
    }

    /// <summary>A round chooses, trains and measures in one space, so none may be under way.</summary>
    private async Task ThrowIfNotToBeServedAsync(string name, CancellationToken cancellationToken)
    {
        switch (Book.Find(name)?.Stage)
        {
            case null:
                var there = string.Join(", ", Book.All.Select(b => b.Name).DefaultIfEmpty(ServingBackbone));
                throw new RefusedException($"Dataset '{_dataset.Name}' has no backbone '{name}'. It has: {there}. "
                    + $"Add it first ('winnow backbones add {_dataset.Name} {name}').");
            case BackboneStage.Making:
                throw new RefusedException(
                $"Backbone '{name}' is still being made. 'winnow backbones list {_dataset.Name}' says how far it has come.");
            case BackboneStage.Dropped:
                throw new RefusedException($"Backbone '{name}' was dropped. Add it again to make it anew.");
        }
        foreach (var round in _records.Rounds.Where(r => r.Ended is null).ToArray())
        {
            // A round may have ended a moment before its word of it comes here.
            if ((await DescribeAsync(round, cancellationToken)).HasEnded) continue;
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture,
                $"Round {round.Number} of arm '{round.Arm}' is under way on '{ServingBackbone}', and a round ends in the space that "
                + $"it began in. ")
                + "Wait for it, or end it by hand ('winnow rounds end'), and switch then.");
        }
    }

    private async Task PutAsideUnusableAsync(string name, CancellationToken cancellationToken)
    {
        var unusable = (await OnShardsAsync((IShardSpaces s) => s.CountUnusableAsync(name, cancellationToken), cancellationToken))
            .Sum(n => (long)n);
        if (unusable == 0) return;
        var shards = await OnShardsAsync((IShardIngest s) => s.GetSummaryAsync(cancellationToken), cancellationToken);
        var images = shards.Sum(s => s.Images);
        if (unusable > FewUnusable && unusable > images / 100)
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture,
                $"Backbone '{name}' makes nothing of {unusable} of {images} images, which would all be put aside. ")
                + "Look at its ONNX file: at its output, and whether it computes in Scoring:Precision without an overflow.");
        await OnShardsAsync((IShardSpaces s) => s.PutAsideUnusableAsync(name, cancellationToken), cancellationToken);
    }

    private static (string? Actor, int? Told) AddedBy(BackboneEntry? entry) =>
        entry?.AddedBy is { } by ? ActorName.Read(by) : (null, null);

    /// <summary>The backbones with what shards say of them.</summary>
    private BackboneInfo[] BackbonesOf(IReadOnlyList<ShardSummary> shards)
    {
        var images = shards.Sum(s => s.Images);
        var embedded = images - shards.Sum(s => s.ScoringBacklog);
        var learning = state.State.Learning;
        BackboneInfo Serving(BackboneEntry? entry) => new()
        {
            Name = ServingBackbone,
            Stage = BackboneStage.Serving,
            Images = images,
            Embedded = embedded,
            Projected = learning.ProjectionKey is null ? 0 : embedded,
            Scored = learning.HeadKey is null ? 0 : embedded,
            Model = learning.ModelName,
            Stalled = shards.Select(s => s.StalledReason).FirstOrDefault(r => r is not null),
            AddedBy = AddedBy(entry).Actor,
            AddedAt = entry?.AddedAt,
            Told = AddedBy(entry).Told,
        };
        BackboneInfo Other(BackboneEntry entry)
        {
            SpaceProgress[] here = [.. shards.SelectMany(s => s.Others ?? []).Where(o => o.Backbone == entry.Name)];
            return new BackboneInfo
            {
                Name = entry.Name,
                Stage = entry.Stage,
                Images = images,
                Embedded = here.Sum(o => o.Embedded),
                Projected = here.Sum(o => o.Projected),
                Scored = here.Sum(o => o.Scored),
                Model = entry.ModelName,
                Stalled = here.Select(o => o.Stalled).FirstOrDefault(r => r is not null),
                AddedBy = AddedBy(entry).Actor,
                AddedAt = entry.AddedAt,
                Told = AddedBy(entry).Told,
            };
        }
        return Book.All.Count == 0 ? [Serving(null)] : [.. Book.All.Select(b => b.Name == ServingBackbone ? Serving(b) : Other(b))];
    }
}
