using Microsoft.JSInterop;
using Winnow.Client;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label;

/// <summary>
/// Brings the pictures of tasks before their turn, the next one first and few at a time. What fails for a moment is tried again for as long
/// as the task is held; a picture that is not there says why.
/// </summary>
internal sealed class PictureFetch(
    Browser browser, Session session, TimeProvider time, string dataset, bool measures, Action changed, CancellationToken stop)
{
    /// <summary>Longest side of the picture that is drawn on: all of it up to 12 megapixels, and some.</summary>
    private const int SharpSide = 4096;

    /// <summary>Longest side in pixels: sharp on a large screen, and far from what a camera takes.</summary>
    private const int Side = 1600;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _few = new(3);

    public void Bring(IEnumerable<HeldTask> tasks)
    {
        foreach (var held in tasks.Where(t => !t.IsAsked))
        {
            held.IsAsked = true;
            _ = BringAsync(held);
        }
    }

    /// <summary>The picture is not needed any more.</summary>
    public void LetGo(HeldTask held)
    {
        if (held.Picture is { } url) _ = browser.CallAsync("letGo", url).AsTask();
        if (held.Sharp is { } sharp) _ = browser.CallAsync("letGo", sharp).AsTask();
        (held.Picture, held.Sharp, held.IsSharpened) = (null, null, false);
    }

    /// <summary>Brings more pixels of a picture that is drawn on; it is shown meanwhile, and stays as it is where that fails.</summary>
    public async Task SharpenAsync(HeldTask held)
    {
        if (held.IsSharpened || Math.Max(held.Size.Width, held.Size.Height) <= Side) return;
        held.IsSharpened = true;
        try
        {
            var fetched = await browser.FetchPictureAsync(PathOf(held, SharpSide));
            if (fetched.Url is null) return;
            if (stop.IsCancellationRequested || held.Picture is null) await browser.CallAsync("letGo", fetched.Url);
            else held.Sharp = fetched.Url;
        }
        catch (JSException)
        {
            // The network is away: the smaller one is here.
            held.IsSharpened = false;
        }
        changed();
    }

    private string PathOf(HeldTask held, int side) =>
        $"api/v1/datasets/{Uri.EscapeDataString(dataset)}/images/{held.Task.Image}/thumbnail?size={side}";

    private async Task BringAsync(HeldTask held)
    {
        try
        {
            await _few.WaitAsync(stop);
            try
            {
                while (!await TryAsync(held)) await Task.Delay(Pause, time, stop);
            }
            finally
            {
                _few.Release();
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        changed();
    }

    private async Task<bool> TryAsync(HeldTask held)
    {
        try
        {
            var fetched = await browser.FetchPictureAsync(PathOf(held, Side));
            var status = fetched.Status;
            if (status == 401) session.Lose();
            if (status is 401 or 429 or >= 500) return false;
            if (fetched.Url is null)
                held.NoPicture = status switch
                {
                    410 => "The store has lost this picture.",
                    415 => "This browser cannot show this picture.",
                    _ => $"No copy of this picture can be made (the server said {status}).",
                };
            else if (measures) held.Size = await MeasureAsync(held, fetched);
            held.Picture = fetched.Url;
            return true;
        }
        catch (Exception e) when (e is JSException or HttpRequestException or TimeoutException or WinnowApiException)
        {
            // The network is away, or the server for a moment.
            return false;
        }
    }

    /// <summary>The original's pixels as it stands upright. Where its header was not read, the copy is what there is.</summary>
    private async Task<(int Width, int Height)> MeasureAsync(HeldTask held, FetchedPicture copy)
    {
        var image = await session.Client.GetImageAsync(dataset, held.Task.Image, stop);
        if (image.Header is not { } header) return (copy.Width, copy.Height);
        // Images of early releases do not say how they are turned; their copies stand upright.
        var lies = header.Orientation > 4
            || (header.Orientation == 0 && header.Width != header.Height && header.Width > header.Height != copy.Width > copy.Height);
        return lies ? (header.Height, header.Width) : (header.Width, header.Height);
    }
}
