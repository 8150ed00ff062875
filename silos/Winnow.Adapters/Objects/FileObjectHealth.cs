using Winnow.Grains.Ports;

namespace Winnow.Adapters.Objects;

/// <summary>Whether the object folder takes a file: a full or a read-only disk does not.</summary>
internal sealed class FileObjectHealth(string folder) : IStorageHealth
{
    public string Name => "objects";

    public Task<string?> CheckAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        var path = Path.Combine(folder, ".tmp", "health");
        try
        {
            ObjectFolder.Discard(path);
            ObjectFolder.Write(path, [1], durable: true);
            ObjectFolder.Discard(path);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var why = FullDisk.Is(e) ? "its disk is full. Free some space there." : $"{e.Message} Free space there, or mend the disk.";
            return $"The object folder '{folder}' cannot be written: {why}";
        }
    }, cancellationToken);
}
