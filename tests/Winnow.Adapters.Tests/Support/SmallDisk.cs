using System.Diagnostics;

namespace Winnow.Adapters.Tests.Support;

/// <summary>Marks a test that mounts a small disk, which only root on Linux can.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") Skip = "Mounting a small disk takes root on Linux.";
    }
}

/// <summary>A disk of a few MiB, to be filled.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _mount;

    /// <summary>A disk of its own, or one that is mounted <paramref name="within"/> its folder, the rest of which has room.</summary>
    public SmallDisk(int mebibytes, string within = "")
    {
        _mount = Path.Combine(_folder.Path, within);
        Directory.CreateDirectory(_mount);
        Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", _mount);
    }

    public string At(string name) => _folder.At(name);

    /// <summary>Takes all that is free, and gives it back when disposed.</summary>
    public IDisposable Fill(long leave = 0)
    {
        var path = Path.Combine(_mount, $"ballast-{Guid.NewGuid():N}");
        var disk = new DriveInfo(_mount);
        var page = new byte[4096];
        using var ballast = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            // Looked at before each page: others write to the same disk meanwhile.
            while (disk.AvailableFreeSpace - leave >= page.Length) ballast.Write(page);
        }
        catch (IOException)
        {
            // They took the last of it.
        }
        return new Ballast(path);
    }

    /// <summary>Takes nothing more, as a disk does that has failed.</summary>
    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", _mount);

    public void Dispose()
    {
        // Also where something of it is still mapped, which the collector lets go in its own time.
        Run("umount", "--lazy", _mount);
        _folder.Dispose();
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command} failed: {said}");
    }

    private sealed class Ballast(string path) : IDisposable
    {
        public void Dispose() => File.Delete(path);
    }
}
