using System.Formats.Tar;
using System.Text.Json;
using Winnow.Grains.Backup;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>Writes archives that Winnow would not, with a hash that is right.</summary>
internal static class ArchiveForger
{
    /// <summary>Puts every file through a change, which may leave it out or add others.</summary>
    public static byte[] Change(byte[] archive, Func<string, byte[], IReadOnlyList<(string Name, byte[] Content)>> change)
    {
        using var forged = new MemoryStream();
        using var from = new TarReader(new MemoryStream(archive));
        var to = new BackupTarWriter(forged, DateTimeOffset.UnixEpoch);
        while (from.GetNextEntry() is { } file)
        {
            using var content = new MemoryStream();
            file.DataStream?.CopyTo(content);
            if (file.Name == BackupEnd.FileName)
            {
                var end = JsonSerializer.Deserialize(content.ToArray(), ModelJson.Default.BackupEnd)! with
                {
                    Files = to.Files,
                    Sha256 = to.Finish()
                };
                Wait(to.EndAsync(JsonSerializer.SerializeToUtf8Bytes(end, ModelJson.Default.BackupEnd), CancellationToken.None));
                continue;
            }
            foreach (var (name, bytes) in change(file.Name, content.ToArray())) Wait(to.AddAsync(name, bytes, CancellationToken.None));
        }
        Wait(to.DisposeAsync().AsTask());
        return forged.ToArray();
    }

    // Nothing here waits for anything: all is in memory.
    private static void Wait(Task done) => done.GetAwaiter().GetResult();
}
