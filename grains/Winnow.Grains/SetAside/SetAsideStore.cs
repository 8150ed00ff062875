using System.Text.Json;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Health;
using Winnow.Abstractions.Images;
using Winnow.Abstractions.Review;
using Winnow.Grains.Ports;
using Winnow.Grains.Security;
using Winnow.Model.Health;

namespace Winnow.Grains.SetAside;

/// <inheritdoc cref="ISetAsideStore"/>
internal sealed partial class SetAsideStore(
    IDatasetLedger ledger, ISecretLedger secrets, IGrainFactory grains, TimeProvider time, ILogger<SetAsideStore> logger) : ISetAsideStore
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>Nobody has the ledger read through more often.</summary>
    private static readonly TimeSpan Anew = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private Task<IReadOnlyList<SetAsideItem>>? _last;
    private long _asked;

    public Task<IReadOnlyList<SetAsideItem>> ListAsync(bool anew, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_last is null || (_last.IsCompleted && (_last.IsFaulted || time.GetElapsedTime(_asked) > (anew ? Anew : Fresh))))
            {
                _asked = time.GetTimestamp();
                // Not on a grain's scheduler, and not ended with the first who asks.
                _last = Task.Run(LookAsync, CancellationToken.None);
            }
            return _last.WaitAsync(cancellationToken);
        }
    }

    public async Task<SetAsideItem?> DiscardAsync(DiscardSetAside thing, string actor, CancellationToken cancellationToken)
    {
        // What was found a moment ago may have been mended, or discarded by somebody else.
        var items = await LookAsync();
        if (Find(items, thing) is not { } item || !await IsStillAsync(item, cancellationToken)) return null;
        if (!await DiscardAsync(item, thing, actor, cancellationToken)) return null;
        Discarded(thing.Kind, thing.Name, actor, item.Problem);
        await Notes.ForgetAsync(item.Kind, item.Name, CancellationToken.None);
        if (thing.Kind == SetAsideKind.Dataset) await Notes.ForgetDatasetAsync(thing.Name, CancellationToken.None);
        lock (_gate) _last = null;
        return item;
    }

    private ISetAsideNotesGrain Notes => grains.GetGrain<ISetAsideNotesGrain>(0);

    /// <summary>
    /// What was told of a shard or an image may have been mended since, or be of a dataset that bore the name before: it is opened once
    /// more.
    /// </summary>
    private async Task<bool> IsStillAsync(SetAsideItem item, CancellationToken cancellationToken)
    {
        try
        {
            if (item.Kind == SetAsideKind.Shard) await grains.GetGrain<IShardIngest>(item.Name).GetSummaryAsync(cancellationToken);
            else if (item.Kind == SetAsideKind.Image) await grains.GetGrain<IImageGrain>(item.Name).GetAsync(cancellationToken);
            else return true;
        }
        catch (Exception e) when (SetAsideException.Beneath(e) is not null)
        {
            return true;
        }
        await Notes.ForgetAsync(item.Kind, item.Name, CancellationToken.None);
        return false;
    }

    /// <summary>A dataset may be discarded as well where a part of it is set aside that it cannot be without.</summary>
    private static SetAsideItem? Find(IReadOnlyList<SetAsideItem> items, DiscardSetAside thing) =>
        items.FirstOrDefault(i => i.Kind == thing.Kind && i.Name == thing.Name)
        ?? (thing.Kind != SetAsideKind.Dataset ? null
            : items.FirstOrDefault(i => i.Dataset == thing.Name && SetAsideWords.NeedsDataset(i)));

    private async Task<bool> DiscardAsync(SetAsideItem item, DiscardSetAside thing, string actor, CancellationToken cancellationToken)
    {
        if (thing.Kind == SetAsideKind.Dataset) return await DeleteAsync(thing.Name, actor, cancellationToken);
        if (SetAsideWords.NeedsDataset(item))
            throw new RefusedException(
                $"{item.Name} cannot be discarded by itself: dataset '{item.Dataset}' cannot be without it. {item.WhatToDo}");
        return item.Kind switch
        {
            SetAsideKind.Tasks => await grains.GetGrain<IShardReview>(item.Name).DiscardUnusableTasksAsync(cancellationToken) > 0,
            SetAsideKind.Secret => await secrets.DiscardSecretAsync(item.Name, LedgerSecrets.LeaseBytes, cancellationToken),
            _ => await DiscardStateAsync(item, actor, cancellationToken),
        };
    }

    /// <summary>As any other dataset is deleted; whoever discards one waits until its name is free.</summary>
    private async Task<bool> DeleteAsync(string name, string actor, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new RefusedException(
                "A dataset without a name cannot be deleted by a request, since nothing can be called so. Give its row in the "
                + "ledger a name.");
        var grain = grains.GetGrain<IDeletionGrain>(name);
        var deletion = await grain.StartAsync(actor, cancellationToken);
        while (deletion is { EndedAt: null })
        {
            await Task.Delay(Poll, time, cancellationToken);
            deletion = await grain.GetAsync(cancellationToken);
        }
        return deletion is not null;
    }

    private async Task<bool> DiscardStateAsync(SetAsideItem item, string actor, CancellationToken cancellationToken)
    {
        var (type, key) = SetAsideWords.StateOf(item.Name);
        byte[]? instead = null;
        if (type == "round") await EndRoundAsync(item.Dataset!, key, actor, cancellationToken);
        // As after a change: whoever made the dataset is not its owner anew, since that may have been taken from them.
        if (type == "access") instead = JsonSerializer.SerializeToUtf8Bytes(new AccessState { LastChange = 1 }, StoredStates.Json);
        // A key that is not listed could not be found to be revoked.
        if (type == "api-keys")
            instead = JsonSerializer.SerializeToUtf8Bytes(
                new ApiKeyIndexState { Ids = [.. await ledger.ListStatesAsync("api-key", cancellationToken)] }, StoredStates.Json);
        return await ledger.DiscardStateAsync(type, key, instead, cancellationToken);
    }

    /// <summary>A round without its state has ended; else it would be begun anew, beside what it asked already.</summary>
    private async Task EndRoundAsync(string dataset, string key, string actor, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(dataset) || await ledger.FindDatasetAsync(dataset, cancellationToken) is null) return;
        var grain = grains.GetGrain<IDatasetGrain>(dataset);
        foreach (var round in await grain.GetRoundsAsync(cancellationToken))
            if (GrainKeys.Round(dataset, round.Arm, round.Number) == key)
                await grain.RoundEndedAsync(round with
                {
                    EndedAt = time.GetUtcNow(),
                    EndedBy = actor,
                    Reason = "What was stored of it could not be read and was discarded. Labels are kept; start another round.",
                }, cancellationToken);
    }

    private async Task<IReadOnlyList<SetAsideItem>> LookAsync()
    {
        var items = new List<SetAsideItem>();
        foreach (var dataset in await ledger.ListUnreadableAsync(CancellationToken.None)) items.Add(SetAsideWords.Of(dataset));
        foreach (var state in await ledger.ListUnreadableStatesAsync(CancellationToken.None)) items.Add(SetAsideWords.Of(state));
        try
        {
            await secrets.GetOrCreateSecretAsync(LedgerSecrets.Lease, LedgerSecrets.LeaseBytes, CancellationToken.None);
        }
        catch (SetAsideException unusable)
        {
            items.Add(new SetAsideItem(SetAsideKind.Secret, LedgerSecrets.Lease, null, unusable.Message,
                "Discard it: another is made at once, and people take their open tasks anew."));
        }
        try
        {
            foreach (var note in await Notes.ListAsync(CancellationToken.None))
                if (await IsThereAsync(note)) items.Add(note);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // What shards have found is told when grains can be reached again; that they cannot, the health page says by itself.
        }
        return [.. items.OrderBy(i => i.Kind).ThenBy(i => i.Name, StringComparer.Ordinal)];
    }

    /// <summary>Whether the dataset of a note is still there to be told of.</summary>
    private async Task<bool> IsThereAsync(SetAsideItem note)
    {
        try
        {
            return note.Dataset is null || await ledger.FindDatasetAsync(note.Dataset, CancellationToken.None) is not null;
        }
        catch (SetAsideException)
        {
            return true;
        }
    }

    [LoggerMessage(400, LogLevel.Warning, "{Kind} {Name} was discarded by {Actor}; it had been set aside: {Problem}")]
    private partial void Discarded(SetAsideKind kind, string name, string actor, string problem);
}
