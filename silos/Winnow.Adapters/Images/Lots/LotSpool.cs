using Winnow.Adapters.Disk;
using Winnow.Adapters.Objects;

namespace Winnow.Adapters.Images.Lots;

/// <summary>
/// A file of one lot that no one else can open and that leaves nothing behind, however the process ends. Bytes are appended and then
/// mapped: reading them costs pages that the system takes back when it needs them, not memory of the process.
/// </summary>
internal sealed class LotSpool : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly List<MappedObject> _mapped = [];

    public LotSpool(string folder)
    {
        OwnersOnly.MakeFolder(folder);
        var path = Path.Combine(folder, $"{Guid.NewGuid():n}.lot");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            BufferSize = 0,
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new FileStream(path, options);
        // Without a name its room is given back with the last handle, after a crash too.
        if (!OperatingSystem.IsWindows()) File.Delete(path);
    }

    /// <summary>Bytes in it.</summary>
    public long Length { get; private set; }

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _file.WriteAsync(bytes, cancellationToken);
        Length += bytes.Length;
    }

    /// <summary>Bytes that were written; good until the file is disposed of.</summary>
    public ReadOnlyMemory<byte> Map(long start, int length)
    {
        if (length == 0) return default;
        var mapped = MappedObject.Map(_file, start, length);
        _mapped.Add(mapped);
        return mapped.Memory;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IDisposable mapped in _mapped) mapped.Dispose();
        await _file.DisposeAsync();
    }
}
