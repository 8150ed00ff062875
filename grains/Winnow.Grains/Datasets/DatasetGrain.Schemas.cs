using System.Globalization;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Review;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Telemetry;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Grains.Datasets;

/// <summary>
/// The versions of a dataset's label schema. Each is a record, which is the truth once it is written; that no model of other classes
/// serves, and the dataset's row that all read, follow it in this order, after a crash too.
/// </summary>
internal sealed partial class DatasetGrain
{
    private readonly Dictionary<int, long> _bytesOfSchemas = [];

    private SchemaMap Map => SchemaMap.Of(_dataset.Schema);

    public Task<SchemaState> GetSchemaAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new SchemaState(_records.Schemas[^1].Version, Asking));

    public Task<SchemaVersion[]> ListSchemasAsync(CancellationToken cancellationToken) =>
        Task.FromResult<SchemaVersion[]>([.. _records.Schemas.Select(s => s.Version)]);

    public Task<SchemaVersion[]> ListSchemasAfterAsync(int after, int most, int classes, CancellationToken cancellationToken)
    {
        if (after < 0 || after > _records.Schemas.Count)
            throw new RefusedException(string.Create(
                CultureInfo.InvariantCulture, $"'{after}' is not a place to continue from: there is no such version."));
        var (page, weight) = (new List<SchemaVersion>(), 0L);
        // One more than fits, so that whoever asks sees that others follow.
        foreach (var entry in _records.Schemas.Skip(after))
        {
            page.Add(entry.Version);
            weight += entry.Version.Schema.Classes.Count;
            if (page.Count > most || (page.Count > 1 && weight > classes)) break;
        }
        return Task.FromResult<SchemaVersion[]>([.. page]);
    }

    private long BytesOfSchemas()
    {
        var bytes = 0L;
        foreach (var entry in _records.Schemas)
        {
            if (!_bytesOfSchemas.TryGetValue(entry.Version.Number, out var known))
                _bytesOfSchemas[entry.Version.Number] = known = SchemaStep.BytesOf(entry.Version);
            bytes += known;
        }
        return bytes;
    }

    public async Task<SchemaState> ChangeSchemaAsync(
        ChangeSchema change, Guid operationId, string actor, CancellationToken cancellationToken)
    {
        if (operationId == Guid.Empty)
            throw new RefusedException("A change needs an operation id, so that sending it twice makes one version.");
        var made = await InTurnAsync(async () =>
        {
            var content = SchemaStep.ContentOf(change);
            if (_records.Schemas.Find(s => s.OperationId == operationId) is { } same)
            {
                if (same.Content != content || ActorName.Read(same.Version.ChangedBy).Actor != actor)
                    throw OperationStamp.Conflict(operationId, "for a label schema");
                return same.Version;
            }
            var next = SchemaStep.Next(_records.Schemas[^1].Version, change, actor, time.GetUtcNow());
            SchemaStep.CheckRoom(BytesOfSchemas(), next);
            if (!level.KeepsSchemas) throw new RefusedException(KnownLevel.TooLow);
            await WriteAsync(async () =>
            {
                await _records.SaveAsync(new SchemaEntry { OperationId = operationId, Content = content, Version = next });
                await FollowSchemaAsync();
            });
            logger.SchemaChanged(_dataset.Name, next.Number, actor);
            return next;
        }, cancellationToken);
        await TellQueueAsync();
        // Shards that do not hear of it now do so when they open, or when they are asked for anything that rests on it.
        await TellAsync(Learning, cancellationToken);
        AskForSchema();
        return new SchemaState(made, Asking);
    }

    /// <summary>Whoever hears of a version is given no lease of the one before. A queue that does not answer learns of it itself.</summary>
    private async Task TellQueueAsync()
    {
        try
        {
            await GrainFactory.GetGrain<IQueueGrain>(_dataset.Name).FollowSchemaAsync(CancellationToken.None)
                .WaitAsync(KnownDatasets.Lifetime, time, CancellationToken.None);
        }
        catch (Exception e)
        {
            logger.QueueDidNotHear(e, _dataset.Name);
        }
    }

    /// <summary>Brings what rests on the newest version to it. Harmless to do twice.</summary>
    private async Task FollowSchemaAsync()
    {
        var newest = _records.Schemas[^1].Version.Schema;
        if (_dataset.Schema.Number >= newest.Number) return;
        // What is known of it may be a moment old.
        _dataset = await datasets.AskAsync(_dataset.Name, CancellationToken.None);
        if (_dataset.Schema.Number >= newest.Number) return;
        // Before anybody sees the version: under it no model of other classes is asked.
        if (!newest.Serves(_dataset.Schema.Version)) state.State.ForgetHeads();
        state.State.Learning.Sequence++;
        await state.WriteStateAsync(CancellationToken.None);
        for (var number = _dataset.Schema.Number + 1; number <= newest.Number; number++)
            await rows.SetSchemaAsync(_dataset.Name, _records.Schemas[number - 1].Version.Schema, CancellationToken.None);
        _dataset = await datasets.AskAsync(_dataset.Name, CancellationToken.None);
    }
}
