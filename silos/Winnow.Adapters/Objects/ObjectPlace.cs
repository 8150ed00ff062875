using System.Collections.Concurrent;
using Winnow.Grains.Ports;

namespace Winnow.Adapters.Objects;

/// <summary>Where the file of one object belongs.</summary>
internal sealed class ObjectPlace(ObjectFolder folder, string key)
{
    // EROFS: the file system as a whole takes nothing any more.
    private const int ReadOnlyFileSystem = 30;

    /// <summary>The object's key.</summary>
    public string Key => key;

    /// <summary>Its file.</summary>
    public string Path { get; } = folder.PathOf(key);

    /// <summary>Gives a durable file its name, durably.</summary>
    public void Name(string temporary, bool replace)
    {
        ObjectFolder.TryName(temporary, Path, replace);
        folder.SyncName(Path);
    }

    /// <summary>
    /// Why a file whose bytes are on this disk already cannot have its name; null where that is not for this place alone: the disk is full,
    /// takes nothing, or was taken away.
    /// </summary>
    public string? FaultOf(Exception problem)
    {
        if (problem is not (IOException or UnauthorizedAccessException) || FullDisk.Is(problem)) return null;
        if (!OperatingSystem.IsWindows() && problem.HResult == ReadOnlyFileSystem) return null;
        folder.CheckWhole();
        return $"'{key}' cannot be written: {WhyNot(problem)}";
    }

    private string WhyNot(Exception problem) => problem switch
    {
        _ when Directory.Exists(Path) => $"a folder stands where its file belongs, {Path}. Move it away.",
        PathTooLongException => $"its path is longer than the file system takes, {Path}. Give the store a folder with a shorter path.",
        UnauthorizedAccessException => $"the server may not write to {Path}. Give its user the right to that folder.",
        _ when FileAbove() is { } file => $"a file stands where a folder belongs, {file}. Move it away.",
        _ => $"{problem.Message.TrimEnd('.')} ({Path}).",
    };

    private string? FileAbove()
    {
        var at = System.IO.Path.GetDirectoryName(Path);
        while (at is not null && at.Length > folder.Root.Length && !File.Exists(at)) at = System.IO.Path.GetDirectoryName(at);
        return at is not null && at.Length > folder.Root.Length ? at : null;
    }
}

/// <summary>What single objects of one call could not be kept for. Many threads may write to it.</summary>
internal sealed class PlaceFaults
{
    private readonly ConcurrentDictionary<string, string> _reasons = new(StringComparer.Ordinal);
    private Exception? _first;

    /// <summary>Takes the last step of storing an object; false where its place alone is at fault, which is noted.</summary>
    /// <exception cref="Exception">It is the store's fault.</exception>
    public bool Try(ObjectPlace place, Action name)
    {
        try
        {
            name();
            return true;
        }
        catch (Exception problem) when (place.FaultOf(problem) is { } reason)
        {
            _reasons[place.Key] = reason;
            Interlocked.CompareExchange(ref _first, problem, null);
            return false;
        }
    }

    /// <exception cref="ObjectUnwritableException">Something was noted.</exception>
    public void ThrowIfAny()
    {
        if (_first is { } first) throw new ObjectUnwritableException(_reasons, first);
    }
}
