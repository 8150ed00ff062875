using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Winnow.Adapters.Objects;

/// <summary>Makes names and whole file systems durable, which the class library has no call for.</summary>
internal static partial class DiskSync
{
    private const int CloseOnExec = 0x80000;

    /// <summary>Makes the names in a folder durable: what was created, renamed or removed there. Windows needs no such call.</summary>
    public static void Directory(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        using var folder = Open(path);
        if (Fsync(folder) != 0) throw Failure("fsync", path);
    }

    /// <summary>Makes everything durable that was written to the file system on which a folder stands. Linux only.</summary>
    public static void FileSystem(SafeFileHandle folder, string path)
    {
        if (Syncfs(folder) != 0) throw Failure("syncfs", path);
    }

    /// <summary>Opens a folder, to sync it.</summary>
    public static SafeFileHandle Open(string path)
    {
        var folder = OpenFile(path, OperatingSystem.IsLinux() ? CloseOnExec : 0);
        return folder.IsInvalid ? throw Failure("open", path) : folder;
    }

    private static IOException Failure(string call, string path)
    {
        var problem = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException(
            $"{call} of '{path}' failed: {problem.Message}. What was just written may not be durable; repeat it once the disk is well.",
            problem);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int Syncfs(SafeFileHandle file);
}
