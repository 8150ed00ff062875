using System.Runtime.CompilerServices;
using Microsoft.JSInterop;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Studio.Shell;

namespace Winnow.Studio.Intake;

/// <summary>
/// The import that is under way, whichever page is looked at. Files go out in lots, a few megabytes at a time; what the server answered for
/// is not sent again when it goes on, and what was sent twice is stored once.
/// </summary>
internal sealed class ImportWork(WinnowClient client, ChosenFiles files, TimeProvider time)
{
    /// <summary>Files that were not taken as they came, of which each is shown.</summary>
    public const int MostShown = 1_000;

    private static readonly ImportOptions Options = new() { LotSize = 100, LotBytes = 8L << 20, Concurrency = 2 };
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff",
    };

    private readonly List<IngestResult> _notTaken = [];
    private readonly Dictionary<string, int> _answered = new(StringComparer.Ordinal);
    private CancellationTokenSource? _stop;
    private long _since;
    private long _sinceDone;

    /// <summary>Something of it is to be shown anew.</summary>
    public event Action? Changed;

    /// <summary>Where to; null while there was none.</summary>
    public string? Dataset { get; private set; }

    public bool IsRunning => _stop is not null;

    /// <summary>Why it stands still, as a sentence; null where it does not, or somebody paused it.</summary>
    public string? Problem { get; private set; }

    public long Taken { get; private set; }

    public long ThereAlready { get; private set; }

    public long PutAside { get; private set; }

    public long LeftOut { get; private set; }

    /// <summary>Files that were answered for.</summary>
    public long Done => Taken + ThereAlready + PutAside + LeftOut;

    /// <summary>Files that were chosen.</summary>
    public long All => Dataset is null ? 0 : files.Count;

    /// <summary>What was not taken as it came, as far as it is shown.</summary>
    public IReadOnlyList<IngestResult> NotTaken => _notTaken;

    /// <summary>Files a second since it was begun or went on; null before that is known.</summary>
    public double? Rate =>
        time.GetElapsedTime(_since).TotalSeconds is > 1 and var seconds && Done > _sinceDone ? (Done - _sinceDone) / seconds : null;

    /// <summary>Imports what was chosen into a dataset; what comes while it runs goes out too. The same again goes on.</summary>
    public async Task RunAsync(string dataset)
    {
        if (IsRunning) return;
        if (Dataset != dataset) Begin(dataset);
        using var stop = _stop = new CancellationTokenSource();
        (Problem, _since, _sinceDone) = (null, time.GetTimestamp(), Done);
        Changed?.Invoke();
        try
        {
            await foreach (var result in client.ImportAsync(dataset, ReadAsync(stop.Token), Options, null, stop.Token)) Take(result);
        }
        catch (OperationCanceledException)
        {
            // It was paused.
        }
        catch (Exception e) when (Unanswered.Is(e) || e is JSException)
        {
            Problem = e.Message;
        }
        finally
        {
            _stop = null;
            Changed?.Invoke();
        }
    }

    public void Pause() => _stop?.Cancel();

    /// <summary>
    /// Files are about to be chosen for a dataset, or for one that is not made yet: those of another one's import that has ended are let
    /// go.
    /// </summary>
    public async Task PrepareAsync(string? dataset)
    {
        if (Dataset is not null && Dataset != dataset && !IsRunning && Done >= All) await ForgetAsync();
    }

    /// <summary>Lets all files go, those too that were not sent.</summary>
    public async Task ForgetAsync()
    {
        Pause();
        Dataset = null;
        await files.ForgetAsync();
        Changed?.Invoke();
    }

    private void Begin(string dataset)
    {
        Dataset = dataset;
        (Taken, ThereAlready, PutAside, LeftOut) = (0, 0, 0, 0);
        _notTaken.Clear();
        _answered.Clear();
    }

    private async IAsyncEnumerable<ImageToImport> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Two that were dropped by themselves may bear one name: as many as were answered for are passed over.
        var passed = new Dictionary<string, int>(_answered, StringComparer.Ordinal);
        await foreach (var (at, file) in files.ListAsync(0))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (passed.GetValueOrDefault(file.Path) is > 0 and var known) passed[file.Path] = known - 1;
            else if (!Extensions.Contains(Path.GetExtension(file.Path)))
                Take(new IngestResult(file.Path, null, IngestStatus.LeftOut, "Its name is none of an image."));
            else yield return new ImageToImport(file.Path, async _ => await files.ReadAsync(at)) { Size = file.Size };
        }
    }

    private void Take(IngestResult result)
    {
        _answered[result.Name] = _answered.GetValueOrDefault(result.Name) + 1;
        switch (result.Status)
        {
            case IngestStatus.Accepted:
                Taken++;
                break;
            case IngestStatus.Duplicate:
                ThereAlready++;
                break;
            case IngestStatus.Quarantined:
                PutAside++;
                break;
            default:
                LeftOut++;
                break;
        }
        if (result.Status != IngestStatus.Accepted && _notTaken.Count < MostShown) _notTaken.Add(result);
        Changed?.Invoke();
    }
}
