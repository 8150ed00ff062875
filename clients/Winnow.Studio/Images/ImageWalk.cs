using Winnow.Client;
using Winnow.Model.Images;

namespace Winnow.Studio.Images;

/// <summary>
/// The images of a dataset, or of a stage of it, in the API's order and as far as they were looked at: so that a page of one image knows
/// the one before it and the next.
/// </summary>
internal sealed class ImageWalk(WinnowClient client)
{
    /// <summary>Images that are looked through to find one that was opened by its address.</summary>
    private const int MostSought = 1_000;

    private readonly List<ImageSummary> _known = [];
    private readonly SemaphoreSlim _one = new(1, 1);
    private IAsyncEnumerator<ImageSummary>? _rest;
    private string? _dataset;
    private Stage? _stage;

    /// <summary>Those that were looked at so far.</summary>
    public IReadOnlyList<ImageSummary> Known => _known;

    /// <summary>Whether there are no more.</summary>
    public bool IsAtEnd { get; private set; }

    public Stage? Stage => _stage;

    /// <summary>Begins anew, or goes on where it was of the same.</summary>
    public async Task OpenAsync(string dataset, Stage? stage, bool anew)
    {
        if (!anew && _dataset == dataset && _stage == stage) return;
        if (_rest is not null) await _rest.DisposeAsync();
        (_dataset, _stage, IsAtEnd) = (dataset, stage, false);
        _known.Clear();
        _rest = client.ListImagesAsync(dataset, stage).GetAsyncEnumerator();
    }

    /// <summary>Whether images of this dataset are being looked at.</summary>
    public bool IsOf(string dataset) => _dataset == dataset;

    /// <summary>Sees to it that so many are known, where there are so many.</summary>
    public async Task ReachAsync(int count)
    {
        await _one.WaitAsync();
        try
        {
            while (_known.Count < count && !IsAtEnd)
            {
                if (await _rest!.MoveNextAsync()) _known.Add(_rest.Current);
                else IsAtEnd = true;
            }
        }
        catch
        {
            // An enumeration that failed does not go on: the next look begins anew.
            _dataset = null;
            throw;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The image that stands so many places after another; null where there is none.</summary>
    public async Task<ImageId?> FromAsync(ImageId image, int by)
    {
        var at = _known.FindIndex(i => i.Id == image);
        while (at < 0 && !IsAtEnd && _known.Count < MostSought)
        {
            await ReachAsync(_known.Count + 100);
            at = _known.FindIndex(i => i.Id == image);
        }
        if (at < 0 || at + by < 0) return null;
        await ReachAsync(at + by + 1);
        return at + by < _known.Count ? _known[at + by].Id : null;
    }
}
