using System.Globalization;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Health;
using Winnow.Adapters.Disk;
using Winnow.Grains.Ports;
using Winnow.Model.Images;

namespace Winnow.Adapters.Scoring;

/// <summary>
/// Notes in a folder of this silo's own: what is under way, and the list of suspects. What the dead process left is read at the start: the
/// images of a lot become suspects, and one that was alone is counted. Nothing is synced, since the death of a process, unlike that of a
/// machine, leaves the page cache.
/// </summary>
internal sealed partial class FileCrashNotes : ICrashNotes, IDisposable
{
    /// <summary>
    /// Deaths while it was alone that make an image guilty, on top of the one that made it a suspect. A process is killed for other reasons
    /// too; that it should be twice within the millisecond of one and the same sound image is not to be expected.
    /// </summary>
    internal const int DeathsAlone = 2;

    /// <summary>Images under way that have room: 2 MB.</summary>
    private const int Entries = 16_384;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly ILogger _logger;
    private readonly Dictionary<(string Dataset, ImageId Image), int> _deaths = [];
    private readonly UnderWayMap _underWay;
    private bool _closed;
    private int _suspects;

    /// <summary>Opens the notes of a folder, which is made where it is missing.</summary>
    /// <exception cref="StorageFullException">The folder's disk has no room for them.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static FileCrashNotes Open(string folder, ILogger<FileCrashNotes> logger)
    {
        try
        {
            return new FileCrashNotes(folder, logger);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Who only reads a dataset is told as well: of the folder as much as tells it from others.
            var name = $"the folder '{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))}'";
            if (FullDisk.Is(e) || FullDisk.At(Path.Combine(folder, "under-way")))
                throw new StorageFullException(
                    $"The disk of {name} of the server's data folder is full, so no image can be scored: what is under way is noted there. "
                    + "Images wait, and nothing is lost. Free some space there, then scoring goes on by itself.", e);
            throw new IOException(
                $"In {name} of the server's data folder nothing can be noted, so no image can be scored: {e.Message}", e);
        }
    }

    /// <exception cref="IOException">The folder cannot be written.</exception>
    public FileCrashNotes(string folder, ILogger<FileCrashNotes> logger)
    {
        (_folder, _logger) = (Path.GetFullPath(folder), logger);
        OwnersOnly.MakeFolder(_folder);
        var list = Path.Combine(_folder, "suspects");
        if (File.Exists(list))
            foreach (var (dataset, image, deaths) in Read(list)) _deaths[(dataset, image)] = deaths;
        _underWay = new UnderWayMap(Path.Combine(_folder, "under-way"), Entries);
        foreach (var (dataset, image, alone) in _underWay.Read())
            _deaths[(dataset, image)] = _deaths.TryGetValue((dataset, image), out var deaths) && alone ? deaths + 1 : deaths;
        // The list first: a death in between counts the same notes once more, and never forgets them.
        Write();
        _underWay.Clear();
        _suspects = _deaths.Values.Count(d => d < DeathsAlone);
        if (_suspects > 0) LogSuspects(logger, _suspects);
        foreach (var ((dataset, image), deaths) in _deaths)
            if (deaths >= DeathsAlone) LogGuilty(logger, image.ToString(), dataset);
    }

    public bool AnySuspect => Volatile.Read(ref _suspects) > 0;

    public Suspicion Of(string dataset, ImageId image)
    {
        lock (_gate)
        {
            return !_deaths.TryGetValue((dataset, image), out var deaths) ? Suspicion.None : deaths >= DeathsAlone
                ? Suspicion.Guilty : Suspicion.Suspect;
        }
    }

    public IDisposable Begin(string dataset, IReadOnlyList<ImageId> images)
    {
        lock (_gate)
        {
            return new Note(this, _closed ? [] : _underWay.Add(dataset, images), dataset, images);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_closed) _underWay.Dispose();
            _closed = true;
        }
    }

    private void End(int[] entries, string dataset, IReadOnlyList<ImageId> images)
    {
        lock (_gate)
        {
            // What is under way when the silo closes stays noted: it is looked at one by one next time, and nothing worse.
            if (_closed) return;
            _underWay.Remove(entries);
        }
        if (images.Count != 1 || !AnySuspect) return;
        try
        {
            Clear(dataset, images[0]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // On a disk that is full, say: whoever was cleared is looked at once more after the next death.
            LogNotNoted(_logger, e, _folder);
        }
    }

    private void Clear(string dataset, ImageId image)
    {
        lock (_gate)
        {
            if (!_deaths.TryGetValue((dataset, image), out var deaths) || deaths >= DeathsAlone) return;
            _deaths.Remove((dataset, image));
            Volatile.Write(ref _suspects, _suspects - 1);
            // Not each time: whoever is looked at once more loses nothing by it.
            if (_suspects % 16 == 0) Write();
        }
    }

    /// <summary>Whole or not at all, as a death in the middle must not forget anybody.</summary>
    private void Write()
    {
        var path = Path.Combine(_folder, "suspects");
        var whole = path + ".new";
        // What a death left of it goes; where a link leads is not written to.
        File.Delete(whole);
        using (var lines = new StreamWriter(new FileStream(whole, FileMode.CreateNew, FileAccess.Write)))
            foreach (var death in _deaths) lines.WriteLine(Line(death.Key.Dataset, death.Key.Image, death.Value));
        File.Move(whole, path, overwrite: true);
    }

    private static string Line(string dataset, ImageId image, int deaths) =>
        string.Create(CultureInfo.InvariantCulture, $"{image} {deaths} {dataset}");

    /// <summary>A note that was cut off in the middle of a line gives those before it.</summary>
    private static IEnumerable<(string Dataset, ImageId Image, int Deaths)> Read(string path)
    {
        foreach (var line in File.ReadAllLines(path))
        {
            if (line.Split(' ') is [var id, var count, { Length: > 0 } dataset] && ImageId.TryParse(id, out var image)
                && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var deaths))
                yield return (dataset, image, deaths);
        }
    }

    [LoggerMessage(1, LogLevel.Warning,
        "The process ended in the middle of scoring: {Count} images that were under way are looked at one by one")]
    private static partial void LogSuspects(ILogger logger, int count);

    [LoggerMessage(2, LogLevel.Error, "Image {Image} of dataset {Dataset} ends the process whenever it is looked at and is put aside")]
    private static partial void LogGuilty(ILogger logger, string image, string dataset);

    [LoggerMessage(3, LogLevel.Warning, "The list of suspected images could not be written in {Path}")]
    private static partial void LogNotNoted(ILogger logger, Exception exception, string path);

    private sealed class Note(FileCrashNotes owner, int[] entries, string dataset, IReadOnlyList<ImageId> images) : IDisposable
    {
        public void Dispose() => owner.End(entries, dataset, images);
    }
}
