using Microsoft.JSInterop;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Label;

/// <summary>
/// Brings the pictures of tasks before their turn, the next one first and few at a time. What fails for a moment is tried again for as long
/// as the task is held; a picture that is not there says why.
/// </summary>
internal sealed class PictureFetch(
    Browser browser, Session session, TimeProvider time, string dataset, Action changed, CancellationToken stop)
{
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
        held.Picture = null;
    }

    private async Task BringAsync(HeldTask held)
    {
        var path = $"api/v1/datasets/{Uri.EscapeDataString(dataset)}/images/{held.Task.Image}/thumbnail?size={Side}";
        try
        {
            await _few.WaitAsync(stop);
            try
            {
                while (!await TryAsync(held, path)) await Task.Delay(Pause, time, stop);
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

    private async Task<bool> TryAsync(HeldTask held, string path)
    {
        try
        {
            var (url, status) = await browser.FetchPictureAsync(path);
            if (status == 401) session.Lose();
            if (status is 401 or 429 or >= 500) return false;
            held.Picture = url;
            if (url is null) held.NoPicture = status switch
            {
                410 => "The store has lost this picture.",
                415 => "This browser cannot show this picture.",
                _ => $"No copy of this picture can be made (the server said {status}).",
            };
            return true;
        }
        catch (JSException)
        {
            // The network is away.
            return false;
        }
    }
}
