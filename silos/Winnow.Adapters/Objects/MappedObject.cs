using System.Buffers;
using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace Winnow.Adapters.Objects;

/// <summary>
/// A file mapped into memory, read-only: writing to it ends the process. Its memory must not be used after disposal, but where it is
/// pinned.
/// </summary>
internal sealed unsafe class MappedObject : MemoryManager<byte>
{
    /// <summary>Up to so many bytes an object is read and not mapped. Larger arrays would be large to the garbage collector too.</summary>
    internal const int Small = 64 << 10;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _length;
    private byte* _start;

    private MappedObject(string path, long length)
    {
        _length = checked((int)length);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read);
        _view = ViewOf(_file, 0);
    }

    private MappedObject(FileStream file, long start, int length)
    {
        _length = length;
        _file = MemoryMappedFile.CreateFromFile(file, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None,
            leaveOpen: true);
        _view = ViewOf(_file, start);
    }

    private MemoryMappedViewAccessor ViewOf(MemoryMappedFile file, long start)
    {
        var view = file.CreateViewAccessor(start, _length, MemoryMappedFileAccess.Read);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
        return view;
    }

    /// <summary>Maps a part of a file that is open; it must not get shorter meanwhile.</summary>
    public static MappedObject Map(FileStream file, long start, int length) => new(file, start, length);

    /// <summary>
    /// Maps a file; null when there is none. A small one is read: a process may have only so many mappings (65,530 by Linux' default), and
    /// many small datasets have more segments than that.
    /// </summary>
    /// <exception cref="IOException">It is larger than one span can hold.</exception>
    public static IMemoryOwner<byte>? Map(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return null;
        if (file.Length > Array.MaxLength)
            throw new IOException(
                string.Create(CultureInfo.InvariantCulture,
                    $"'{path}' has {file.Length} bytes; objects up to {Array.MaxLength} bytes can be mapped. Read it as a stream."));
        try
        {
            return file.Length <= Small ? new ReadObject(File.ReadAllBytes(path)) : new MappedObject(path, file.Length);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        return new Span<byte>(_start, _length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length, nameof(elementIndex));
        ObjectDisposedException.ThrowIf(_start is null, this);
        // A request that was given up may still be sending: what it sends from stays until it has let go.
        var held = false;
        _view.SafeMemoryMappedViewHandle.DangerousAddRef(ref held);
        return new MemoryHandle(_start + elementIndex, pinnable: this);
    }

    public override void Unpin() => _view.SafeMemoryMappedViewHandle.DangerousRelease();

    private sealed class ReadObject(byte[] content) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => content;

        public void Dispose()
        {
            // The garbage collector's.
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing) return;
        if (_start is not null)
        {
            _start = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
        _view.Dispose();
        _file.Dispose();
    }
}
