using System.Runtime.InteropServices;

namespace Winnow.Client;

/// <summary>What stands under a path.</summary>
internal enum FileKind
{
    /// <summary>Nothing.</summary>
    Missing,
    File,
    Folder,
    Pipe,
    Socket,
    Device,
    /// <summary>A link that leads back to itself.</summary>
    Loop,
    /// <summary>Something in the way of which there is no permission to look.</summary>
    Denied,
}

/// <summary>
/// What stands under a path after all links were followed, without opening it: to open a pipe may take for ever. The class library tells
/// pipes, sockets and devices from files nowhere, so Linux is asked itself; where it cannot be asked, what has no bytes is never opened.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Identity">The same for two paths to the same folder.</param>
internal readonly partial record struct FileFacts(FileKind Kind, long Size, string Identity)
{
    private const int CurrentFolder = -100;
    private const uint TypeInodeAndSize = 0x1 | 0x100 | 0x200;
    private const int StatxSize = 256;
    private const int NoEntry = 2, NoPermission = 13, NotAFolder = 20, NameTooLong = 36, TooManyLinks = 40;

    private static bool _asksLinux = OperatingSystem.IsLinux();

    public static FileFacts Of(string path) => _asksLinux && AskLinux(path) is { } facts ? facts : AskLibrary(path);

    private static FileFacts? AskLinux(string path)
    {
        Span<byte> answer = stackalloc byte[StatxSize];
        try
        {
            if (Statx(CurrentFolder, path, 0, TypeInodeAndSize, ref MemoryMarshal.GetReference(answer)) != 0)
            {
                return Marshal.GetLastPInvokeError() switch
                {
                    NoEntry or NotAFolder => new FileFacts(FileKind.Missing, 0, path),
                    NoPermission => new FileFacts(FileKind.Denied, 0, path),
                    TooManyLinks => new FileFacts(FileKind.Loop, 0, path),
                    NameTooLong => throw new PathTooLongException($"The path '{path}' is too long for this system."),
                    // An old kernel, or a sandbox that does not know the call.
                    _ => null,
                };
            }
        }
        catch (EntryPointNotFoundException)
        {
            _asksLinux = false;
            return null;
        }
        var type = MemoryMarshal.Read<ushort>(answer[28..]) & 0xF000;
        var (inode, size) = (MemoryMarshal.Read<ulong>(answer[32..]), MemoryMarshal.Read<long>(answer[40..]));
        var (major, minor) = (MemoryMarshal.Read<uint>(answer[136..]), MemoryMarshal.Read<uint>(answer[140..]));
        var kind = type switch
        {
            0x1000 => FileKind.Pipe,
            0x4000 => FileKind.Folder,
            0x8000 => FileKind.File,
            0xC000 => FileKind.Socket,
            _ => FileKind.Device,
        };
        return new FileFacts(kind, size, kind == FileKind.Folder ? $"{major}:{minor}:{inode}" : "");
    }

    private static FileFacts AskLibrary(string path)
    {
        try
        {
            var target = new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true) : null;
            var final = target?.FullName ?? Path.GetFullPath(path);
            if (Directory.Exists(final)) return new FileFacts(FileKind.Folder, 0, final);
            var file = new FileInfo(final);
            return file.Exists ? new FileFacts(FileKind.File, file.Length, final) : new FileFacts(FileKind.Missing, 0, final);
        }
        catch (UnauthorizedAccessException)
        {
            return new FileFacts(FileKind.Denied, 0, path);
        }
        catch (IOException)
        {
            return new FileFacts(FileKind.Loop, 0, path);
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte answer);
}
