using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.JSInterop;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Intake;

/// <summary>A file that was chosen or dropped.</summary>
/// <param name="Path">Its path within what was dropped.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Root">The folder that was chosen; null for files by themselves.</param>
internal sealed record ChosenFile(string Path, long Size, string? Root = null);

/// <summary>
/// The files that somebody chose or dropped, folders too. The page keeps the browser's handles and no bytes: a file is read when its turn
/// to be sent comes, and let go after.
/// </summary>
internal sealed class ChosenFiles(Browser browser) : IDisposable
{
    private const int AtOnce = 500;
    private DotNetObjectReference<ChosenFiles>? _self;

    /// <summary>More came.</summary>
    public event Action? Changed;

    public int Count { get; private set; }

    /// <summary>Begins to take what is dropped and chosen.</summary>
    public async Task WatchAsync()
    {
        if (_self is not null) return;
        _self = DotNetObjectReference.Create(this);
        await browser.CallAsync("takeFiles", _self);
    }

    [JSInvokable]
    public Task CameAsync(int count)
    {
        Count = count;
        Changed?.Invoke();
        return Task.CompletedTask;
    }

    /// <summary>The files from one on, as many as there are by then.</summary>
    public async IAsyncEnumerable<(int At, ChosenFile File)> ListAsync(int from)
    {
        for (var at = from; at < Count;)
        {
            var some = JsonSerializer.Deserialize(
                await browser.AskAsync<string>("listFiles", at, AtOnce), FilesJson.Default.ChosenFileArray)!;
            if (some.Length == 0) yield break;
            foreach (var file in some) yield return (at++, file);
        }
    }

    public async Task<ReadOnlyMemory<byte>> ReadAsync(int at) => await browser.AskAsync<byte[]>("readFile", at);

    /// <summary>Lets all go.</summary>
    public async Task ForgetAsync()
    {
        Count = 0;
        await browser.CallAsync("forgetFiles");
    }

    public void Dispose() => _self?.Dispose();
}

/// <summary>How files cross from the page: without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ChosenFile[]))]
internal sealed partial class FilesJson : JsonSerializerContext;
