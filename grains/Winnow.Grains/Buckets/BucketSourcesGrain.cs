using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images.Buckets;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Model.Images.Buckets;

namespace Winnow.Grains.Buckets;

/// <summary>
/// The bucket sources of a dataset. Small, and asked before any source is woken, so that a name that nobody gave wakes none.
/// </summary>
[SiloRole(SiloTraits.Core), GrainType(ControlStorage.BucketSources)]
internal sealed class BucketSourcesGrain(
    [PersistentState(ControlStorage.BucketSources, ControlStorage.Name)] IPersistentState<BucketSourcesState> state,
    KnownDatasets datasets, IBucketReader buckets, TimeProvider time) : Grain, IBucketSourcesGrain
{
    private const int MaxSources = 100;

    /// <summary>Shorter than what a call of a grain may take: else the bucket's server hangs, and the cluster is blamed.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(6);

    private string _dataset = "";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _dataset = (await datasets.GetAsync(this.GetPrimaryKeyString(), cancellationToken)).Name;
    }

    public async Task<AddedSource> AddAsync(BucketSource source, string actor, CancellationToken cancellationToken)
    {
        if ((source.Check() ?? buckets.Refuse(PlaceOf(source))) is { } wrong) throw new RefusedException(wrong);
        if (Find(source.Name) is { } known)
        {
            if (known.Source != source)
                throw new RefusedException(
                    $"Dataset '{_dataset}' has a source '{source.Name}' already, of another bucket or with other settings. Choose another "
                    + $"name, or remove that one.");
            await SourceGrain(source.Name).StartAsync(source, cancellationToken);
            return new AddedSource(source, null);
        }
        if (state.State.Sources.Count >= MaxSources) throw new RefusedException($"A dataset has at most {MaxSources} sources.");
        await LookAsync(PlaceOf(source), cancellationToken);
        var secret = NotificationSecret.Make();
        state.State.Sources.Add(
            new SourceEntry
            {
                Source = source,
                AddedBy = actor,
                AddedAt = time.GetUtcNow(),
                SecretHash = NotificationSecret.HashOf(secret)
            });
        await WriteAsync();
        await SourceGrain(source.Name).StartAsync(source, cancellationToken);
        return new AddedSource(source, NotificationSecret.PathOf(_dataset, source.Name, secret));
    }

    /// <summary>Nobody adds a source that cannot be read and hears of it later.</summary>
    private async Task LookAsync(BucketPlace place, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(FirstLook, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await buckets.ListAsync(place, null, either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RefusedException(
                $"The S3 server {buckets.HostOf(place)} did not answer within {FirstLook.TotalSeconds:0} s when bucket '{place.Bucket}' "
                + "was to be listed, so the source was not added. Is it running, and is its address right? Then add the source again.", e);
        }
        catch (IOException e)
        {
            throw new RefusedException(e.Message, e);
        }
    }

    public async Task<SourceStatus[]> ListAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(state.State.Sources.OrderBy(s => s.Source.Name, StringComparer.Ordinal)
            .Select(s => StatusAsync(s.Source, cancellationToken)));

    /// <summary>One whose state is set aside says so, and the others are listed beside it.</summary>
    private async Task<SourceStatus> StatusAsync(BucketSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await SourceGrain(source.Name).GetStatusAsync(source, cancellationToken);
        }
        catch (Exception e) when (SetAsideException.Beneath(e) is { } aside)
        {
            return new SourceStatus { Source = source, LastError = aside.Message };
        }
    }

    public async Task<SourceStatus?> FindAsync(string name, CancellationToken cancellationToken) =>
        Find(name) is { } entry ? await SourceGrain(name).GetStatusAsync(entry.Source, cancellationToken) : null;

    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        if (Find(name) is not { } entry) return false;
        // Its own state first: what is cut off in between is done by the next try.
        await SourceGrain(name).RemoveAsync(cancellationToken);
        state.State.Sources.Remove(entry);
        await WriteAsync();
        return true;
    }

    public async Task<SourceStatus?> SyncAsync(string name, CancellationToken cancellationToken)
    {
        if (Find(name) is not { } entry) return null;
        await SourceGrain(name).StartAsync(entry.Source, cancellationToken);
        await SourceGrain(name).SyncAsync(cancellationToken);
        return await SourceGrain(name).GetStatusAsync(entry.Source, cancellationToken);
    }

    public async Task<AddedSource?> RenewPathAsync(string name, CancellationToken cancellationToken)
    {
        if (Find(name) is not { } entry) return null;
        var secret = NotificationSecret.Make();
        entry.SecretHash = NotificationSecret.HashOf(secret);
        await WriteAsync();
        return new AddedSource(entry.Source, NotificationSecret.PathOf(_dataset, name, secret));
    }

    public async Task<bool> NotifyAsync(string name, string secret, NotifiedObject[] objects, CancellationToken cancellationToken)
    {
        if (Find(name) is not { } entry || !NotificationSecret.Matches(secret, entry.SecretHash)) return false;
        // A hint about another bucket, or beside the prefix, is none.
        var keys = objects.Where(o => o.Bucket == entry.Source.Bucket && o.Key.StartsWith(entry.Source.Prefix, StringComparison.Ordinal))
            .Select(o => o.Key).Distinct(StringComparer.Ordinal).ToArray();
        if (keys.Length > 0) await SourceGrain(name).NotifyAsync(keys, cancellationToken);
        return true;
    }

    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        foreach (var entry in state.State.Sources.ToArray())
            await SetAsideException.PassedOverAsync(SourceGrain(entry.Source.Name).StartAsync(entry.Source, cancellationToken));
    }

    internal static BucketPlace PlaceOf(BucketSource source) => new(source.Server, source.Bucket, source.Prefix);

    private SourceEntry? Find(string name) => state.State.Sources.Find(s => s.Source.Name == name);

    private IBucketSourceGrain SourceGrain(string name) => GrainFactory.GetGrain<IBucketSourceGrain>(IBucketSourceGrain.Of(_dataset, name));

    private async Task WriteAsync()
    {
        try
        {
            await state.WriteStateAsync(CancellationToken.None);
        }
        catch
        {
            // Memory is ahead of the disk, or behind it: the next activation reads what stands.
            DeactivateOnIdle();
            await state.ReadStateAsync(CancellationToken.None);
            throw;
        }
    }
}
