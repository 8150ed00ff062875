using System.Globalization;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Ports;
using Winnow.Model.Acts;

namespace Winnow.Grains.Acts;

/// <summary>Which acts somebody asks for. Pure.</summary>
internal sealed class ActFilter(ActQuery query, DateTimeOffset? since)
{
    /// <summary>
    /// Acts of a stream stand in the order in which they were committed; the clocks of those who made them may be apart by as much.
    /// </summary>
    private static readonly TimeSpan ClocksApart = TimeSpan.FromMinutes(10);

    /// <summary>From when on acts of a stream are asked for; null for all.</summary>
    public DateTimeOffset? SinceIn(ActStream stream) =>
        stream.Dataset is null && since > (query.Since ?? DateTimeOffset.MinValue) ? since : query.Since;

    /// <summary>What stands before an act of then need not be looked at; null where all of it must be.</summary>
    public DateTimeOffset? SkipTo(ActStream stream) => SinceIn(stream) is not { } from ? null
        // Callers name any time that there is.
        : from - DateTimeOffset.MinValue > ClocksApart ? from - ClocksApart : DateTimeOffset.MinValue;

    /// <summary>Whether nothing that is asked for stands behind an act.</summary>
    public bool IsBehind(ActRecord act) => act.At - ClocksApart >= query.Until;

    /// <summary>The act as it is told; null where it is not asked for.</summary>
    public Act? Find(ActStream stream, StoredAct stored)
    {
        if (stored.Act.At < SinceIn(stream) || stored.Act.At >= query.Until) return null;
        var act = ActRecords.Read(stream, stored.Sequence, stored.Act);
        if (query.Dataset is not null && act.Dataset != query.Dataset) return null;
        if (query.What is { } what && act.What != what) return null;
        if (query.Image is { } image && act.Image != image) return null;
        return query.Actor is null || IsBy(act.Actor, query.Actor) ? act : null;
    }

    private static bool IsBy(string? actor, string asked)
    {
        if (actor is null || actor == asked) return actor is not null;
        var of = actor.IndexOf(" for ", StringComparison.Ordinal);
        return of >= 0 && (actor.AsSpan(0, of).SequenceEqual(asked) || actor.AsSpan(of + 5).SequenceEqual(asked));
    }
}

/// <summary>Reads one stream behind a place, some acts at a time.</summary>
internal sealed class ActReader(IActLedger ledger, ActStream stream, ActFilter filter, int atOnce)
{
    private IReadOnlyList<StoredAct> _page = [];
    private int _at;

    public ActStream Stream => stream;

    /// <summary>The number of the last act that was passed.</summary>
    public long Place { get; private set; }

    /// <summary>The act that comes next; null where there is none that could be asked for.</summary>
    public StoredAct? Next => _at < _page.Count ? _page[_at] : null;

    public async Task BeginAsync(long? place, CancellationToken cancellationToken)
    {
        Place = place ?? await FirstPlaceAsync(cancellationToken).ConfigureAwait(false);
        await FillAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task MoveAsync(CancellationToken cancellationToken)
    {
        Place = _page[_at++].Sequence;
        if (_at == _page.Count && _page.Count == atOnce) await FillAsync(cancellationToken).ConfigureAwait(false);
        Stop();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        (_page, _at) = (await ledger.ReadActsAsync(stream, Place, atOnce, cancellationToken).ConfigureAwait(false), 0);
        Stop();
    }

    private void Stop()
    {
        if (Next is { } next && filter.IsBehind(next.Act)) (_page, _at) = ([], 0);
    }

    /// <summary>
    /// The last place before which nothing is asked for: numbers have no gaps, so half of what is left can be skipped each time.
    /// </summary>
    private async Task<long> FirstPlaceAsync(CancellationToken cancellationToken)
    {
        if (filter.SkipTo(stream) is not { } from) return 0;
        var (low, high) = (0L, await ledger.LastActAsync(stream, cancellationToken).ConfigureAwait(false));
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var found = await ledger.ReadActsAsync(stream, middle, 1, cancellationToken).ConfigureAwait(false);
            if (found is [var act] && act.Act.At < from) low = act.Sequence;
            else high = middle;
        }
        return low;
    }
}

/// <summary>How far somebody has come in each of several streams, as a word that they send back: <c>c.12_0.5_-1.3</c>.</summary>
internal sealed class ActPlaces
{
    private const string Cluster = "c";
    private const int MostStreams = 100_000;

    private readonly SortedDictionary<string, long> _places = new(StringComparer.Ordinal);

    /// <summary>Reads what <see cref="ToString"/> writes; null where it is something else.</summary>
    public static ActPlaces? Parse(string? text)
    {
        var places = new ActPlaces();
        if (string.IsNullOrEmpty(text)) return places;
        foreach (var part in text.Split('_', MostStreams))
        {
            if (part.Split('.') is not [var name, var number]
                || !(name == Cluster || int.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
                || !places._places.TryAdd(name, place)) return null;
        }
        return places;
    }

    /// <summary>The last act of a stream that was told; null where the stream was not there.</summary>
    public long? Of(ActStream stream) => _places.TryGetValue(NameOf(stream), out var place) ? place : null;

    public void Set(ActStream stream, long place) => _places[NameOf(stream)] = place;

    public override string ToString() =>
        string.Join('_', _places.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key}.{p.Value}")));

    private static string NameOf(ActStream stream) =>
        stream.Dataset is null ? Cluster : stream.Number.ToString(CultureInfo.InvariantCulture);
}
