using Orleans.Concurrency;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Grains.Datasets;

/// <summary>The datasets of a cluster: a thin face of the ledger's table, so any number may stand beside each other.</summary>
[StatelessWorker, SiloRole(SiloTraits.Core), GrainType("catalog")]
internal sealed class CatalogGrain(
    IDatasetLedger ledger, IDeletions deletions, DeviceDirectory devices, KnownLevel level, TimeProvider time) : Grain, ICatalogGrain
{
    public async Task<DatasetInfo> CreateAsync(CreateDataset command, string actor, CancellationToken cancellationToken)
    {
        var settings = command.Settings ?? new DatasetSettings();
        if (!DatasetName.IsValid(command.Name))
            throw new RefusedException($"'{command.Name}' cannot be a dataset's name. {DatasetName.Rule}");
        if ((command.Schema.CheckNew() ?? command.Schema.Check() ?? settings.Check()) is { } wrong) throw new RefusedException(wrong);
        var schema = command.Schema.Composed();
        var made = new DatasetInfo(command.Name, schema, settings, time.GetUtcNow(), actor);
        // One that exists is answered for as ever: it may be of an earlier release, or from a backup.
        var early = schema.IsOneClass || level.KeepsLabelSets ? null : KnownLevel.TooLow;
        if ((early ?? devices.Unknown(settings.Backbone)) is not { } lost)
        {
            if (await ledger.AddDatasetAsync(made, cancellationToken)) return made;
        }
        else if (await ledger.FindDatasetAsync(command.Name, cancellationToken) is null) throw new RefusedException(lost);
        var known = await ledger.FindDatasetAsync(command.Name, cancellationToken);
        if (known is null) throw DeletionWords.NameHeld(command.Name);
        if (known.Settings == settings && SameSchema(await FirstSchemaAsync(known, cancellationToken), schema)) return known;
        throw new RefusedException(
            $"There is a dataset '{command.Name}' already, with another schema or other settings. Choose another name.");
    }

    public async Task<DatasetInfo[]> ListAsync(CancellationToken cancellationToken) =>
        [.. await ledger.ListDatasetsAsync(cancellationToken)];

    public Task<DatasetInfo?> FindAsync(string name, CancellationToken cancellationToken) =>
        ledger.FindDatasetAsync(name, cancellationToken);

    public Task PingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<DatasetDeletion[]> ListDeletionsAsync(CancellationToken cancellationToken) =>
        [.. (await deletions.ListAsync(cancellationToken)).Select(d => d.Told)];

    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        foreach (var running in (await deletions.ListAsync(cancellationToken)).Where(d => d.IsRunning))
            await GrainFactory.GetGrain<IDeletionGrain>(running.Told.Dataset).ResumeAsync(cancellationToken);
        // All at once: a dataset that cannot be woken must not keep the others asleep.
        var datasets = await ledger.ListDatasetsAsync(cancellationToken);
        await Task.WhenAll(datasets.Select(d =>
            SetAsideException.PassedOverAsync(GrainFactory.GetGrain<IDatasetGrain>(d.Name).ResumeAsync(cancellationToken))));
    }

    /// <summary>The schema that a dataset was created with.</summary>
    private async Task<LabelSchema> FirstSchemaAsync(DatasetInfo dataset, CancellationToken cancellationToken) =>
        dataset.Schema.Version is null ? dataset.Schema
            : (await GrainFactory.GetGrain<IDatasetGrain>(dataset.Name).ListSchemasAsync(cancellationToken))[0].Schema;

    private static bool SameSchema(LabelSchema a, LabelSchema b) =>
        a.IsSame(b);
}
