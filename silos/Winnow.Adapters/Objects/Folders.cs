using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Winnow.Adapters.Objects;

/// <summary>Flushing a folder, which .NET's file API refuses to open.</summary>
internal static partial class Folders
{
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;

    public static SafeFileHandle Open(string path)
    {
        var descriptor = OpenNative(path, ReadOnly | CloseOnExec);
        if (descriptor < 0) throw new IOException($"Folder {path} cannot be opened: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    public static void Flush(SafeFileHandle folder, string path)
    {
        if (FlushNative(folder) != 0) throw new IOException($"Folder {path} cannot be flushed: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNative(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushNative(SafeFileHandle descriptor);
}
