using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Winnow.Model;
using Winnow.Model.Acts;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    private const int MostActs = 1_000;

    /// <summary>A page of who did what: of a dataset, or of the cluster. It may have no acts and be followed by others.</summary>
    /// <param name="dataset">Name of the dataset; null for the cluster.</param>
    /// <param name="filter">Which acts; null for all.</param>
    /// <param name="after"><see cref="ActPage.Next"/> of the page before; null for the first.</param>
    /// <param name="limit">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="WinnowApiException">There is no such dataset, or the caller may not see its acts.</exception>
    public Task<ActPage> GetActsAsync(string? dataset, ActFilter? filter = null, string? after = null, int limit = 100,
        CancellationToken cancellationToken = default)
    {
        var path = dataset is null ? "/api/v1/acts" : $"{Dataset(dataset)}/acts";
        var query = string.Create(CultureInfo.InvariantCulture, $"{path}?limit={limit}");
        if (filter?.Actor is { } actor) query += $"&actor={Uri.EscapeDataString(actor)}";
        if (filter?.What is { } what) query += $"&what={JsonNamingPolicy.KebabCaseLower.ConvertName(what.ToString())}";
        if (filter?.Image is { } image) query += $"&image={image}";
        if (filter?.Since is { } since) query += $"&since={Uri.EscapeDataString(since.ToString("O", CultureInfo.InvariantCulture))}";
        if (filter?.Until is { } until) query += $"&until={Uri.EscapeDataString(until.ToString("O", CultureInfo.InvariantCulture))}";
        if (after is not null) query += $"&after={Uri.EscapeDataString(after)}";
        return GetAsync(query, ModelJson.Default.ActPage, cancellationToken);
    }

    /// <summary>
    /// Who did what, in the order of time, all pages; where it is to follow, what comes from then on too, until cancelled.
    /// </summary>
    /// <param name="dataset">Name of the dataset; null for the cluster.</param>
    /// <param name="filter">Which acts; null for all.</param>
    /// <param name="follow">Whether it goes on when all has been told.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="WinnowApiException">There is no such dataset, or the caller may not see its acts.</exception>
    public async IAsyncEnumerable<Act> ListActsAsync(string? dataset, ActFilter? filter = null, bool follow = false,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? after = null;
        while (true)
        {
            var page = await GetActsAsync(dataset, filter, after, MostActs, cancellationToken);
            foreach (var act in page.Acts) yield return act;
            if (page.More && page.Next == after && after is not null)
                throw new InvalidDataException("The server answered with the same place again, and would do so for ever.");
            after = page.Next;
            if (page.More) continue;
            if (!follow) yield break;
            await Task.Delay(WatchInterval, _options.TimeProvider, cancellationToken);
        }
    }
}
