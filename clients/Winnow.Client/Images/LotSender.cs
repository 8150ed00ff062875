using System.Net;
using Winnow.Model.Images;

namespace Winnow.Client;

/// <summary>Sends a lot: one result per image, in order.</summary>
internal delegate Task<IReadOnlyList<IngestResult>> SendLot(Lot lot, CancellationToken cancellationToken);

/// <summary>
/// Sends lots. One that is refused is sent again by halves until the image that is refused stands alone: it is left out, and the others
/// are taken. A refusal that meets all alike is no image's fault, and is thrown.
/// </summary>
internal sealed class LotSender(SendLot send)
{
    /// <summary>So many images refused one by one, and none taken meanwhile: then it is not they.</summary>
    private const int EnoughOfLot = 3;
    private const int EnoughAlone = 10;

    private int _aloneInRow;

    public static IngestResult LeftOut(string? name, string reason) => new(name ?? "", null, IngestStatus.LeftOut, reason);

    /// <summary>One result per image, in order.</summary>
    /// <exception cref="WinnowApiException">The server refuses whatever it is.</exception>
    public async Task<IReadOnlyList<IngestResult>> SendAsync(Lot lot, CancellationToken cancellationToken)
    {
        try
        {
            var results = await SendCheckedAsync(send, lot, cancellationToken);
            Volatile.Write(ref _aloneInRow, 0);
            return results;
        }
        catch (WinnowApiException e) when (MayBeOneImage(e.Status))
        {
            var enough = lot.Count == 1 ? EnoughAlone - Interlocked.Increment(ref _aloneInRow) : Math.Min(EnoughOfLot, lot.Count);
            var search = new Search(send, enough);
            await search.HalveAsync(lot, e, cancellationToken);
            return search.Results;
        }
    }

    private static async Task<IReadOnlyList<IngestResult>> SendCheckedAsync(
        SendLot send, Lot lot, CancellationToken cancellationToken)
    {
        var results = await send(lot, cancellationToken);
        if (results.Count != lot.Count)
        {
            throw new InvalidDataException(
                $"{results.Count} of {lot.Count} images were answered for. Is it a Winnow server that answers? "
                + "Run the import again: what is there already is not stored twice.");
        }
        // A server of an earlier release calls by the same word what it keeps and what it does not.
        return [.. results.Select(r => r is { Status: IngestStatus.Quarantined, Id: null } ? r with { Status = IngestStatus.LeftOut } : r)];
    }

    /// <summary>Too large is too large for each by itself; the others may be for an image that the server cannot deal with.</summary>
    private static bool MayBeOneImage(HttpStatusCode status) =>
        status is HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity
            or HttpStatusCode.InternalServerError;

    private sealed class Search(SendLot send, int enough)
    {
        private readonly List<IngestResult> _results = [];
        private bool _anyTaken;
        private int _refused;

        public IReadOnlyList<IngestResult> Results => _results;

        /// <summary>Sends the halves of what was refused.</summary>
        public async Task HalveAsync(Lot refused, WinnowApiException why, CancellationToken cancellationToken)
        {
            if (refused.Count == 1)
            {
                _refused++;
                if (!_anyTaken && _refused >= enough && why.Status != HttpStatusCode.RequestEntityTooLarge) throw why;
                _results.Add(LeftOut(refused.Entries[0].Name, why.Message));
                return;
            }
            var half = refused.Count / 2;
            await TryAsync(refused.Slice(0, half), cancellationToken);
            await TryAsync(refused.Slice(half, refused.Count - half), cancellationToken);
        }

        private async Task TryAsync(Lot lot, CancellationToken cancellationToken)
        {
            IReadOnlyList<IngestResult> results;
            try
            {
                results = await SendCheckedAsync(send, lot, cancellationToken);
            }
            catch (WinnowApiException e) when (MayBeOneImage(e.Status))
            {
                await HalveAsync(lot, e, cancellationToken);
                return;
            }
            _anyTaken = true;
            _results.AddRange(results);
        }
    }
}
