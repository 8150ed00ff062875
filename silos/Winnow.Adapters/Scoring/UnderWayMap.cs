using System.IO.MemoryMappedFiles;
using System.Text;
using Winnow.Model.Images;

namespace Winnow.Adapters.Scoring;

/// <summary>
/// Images under way, in a file that is mapped into memory: noting one is a write to memory, which outlives the process and asks nothing of
/// the disk. A file per lot took half a millisecond, more than a lot of one image does. Not thread-safe.
/// </summary>
internal sealed unsafe class UnderWayMap : IDisposable
{
    private const int Entry = 128, IdAt = 2, NameAt = IdAt + ImageId.Size;
    private const byte Free = 0, Among = 1, Alone = 2;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Stack<int> _free;
    private byte* _start;

    /// <exception cref="IOException">The file cannot be written.</exception>
    public UnderWayMap(string path, int entries)
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        // Really written: a hole in a mapped file would end the process once the disk is full.
        if (stream.Length != entries * Entry) stream.Write(new byte[entries * Entry]);
        stream.SetLength(entries * Entry);
        stream.Flush();
        _file = MemoryMappedFile.CreateFromFile(stream, null, entries * Entry, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None,
            leaveOpen: false);
        _view = _file.CreateViewAccessor(0, entries * Entry, MemoryMappedFileAccess.ReadWrite);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _free = new Stack<int>(Enumerable.Range(0, entries).Reverse());
    }

    /// <summary>What is noted now.</summary>
    public List<(string Dataset, ImageId Image, bool WasAlone)> Read()
    {
        var found = new List<(string, ImageId, bool)>();
        for (var i = 0; i < _view.Capacity / Entry; i++)
        {
            var entry = At(i);
            if (entry[0] is Among or Alone && entry[1] <= Entry - NameAt)
                found.Add((Encoding.ASCII.GetString(entry.Slice(NameAt, entry[1])), ImageId.FromBytes(entry.Slice(IdAt, ImageId.Size)),
                    entry[0] == Alone));
        }
        return found;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        for (var i = 0; i < _view.Capacity / Entry; i++) At(i)[0] = Free;
    }

    /// <summary>Notes images; the entries that they take. None where there is no room: what is beyond it is not found.</summary>
    public int[] Add(string dataset, IReadOnlyList<ImageId> images)
    {
        if (images.Count > _free.Count || dataset.Length > Entry - NameAt) return [];
        var taken = new int[images.Count];
        for (var k = 0; k < taken.Length; k++)
        {
            var entry = At(taken[k] = _free.Pop());
            entry[1] = (byte)Encoding.ASCII.GetBytes(dataset, entry[NameAt..]);
            images[k].CopyTo(entry.Slice(IdAt, ImageId.Size));
            // Last, so that a death in between leaves no half of an entry.
            Volatile.Write(ref entry[0], taken.Length == 1 ? Alone : Among);
        }
        return taken;
    }

    /// <summary>Forgets entries.</summary>
    public void Remove(int[] entries)
    {
        foreach (var i in entries)
        {
            Volatile.Write(ref At(i)[0], Free);
            _free.Push(i);
        }
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private Span<byte> At(int entry) => new(_start + _view.PointerOffset + (entry * Entry), Entry);
}
