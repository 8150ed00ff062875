using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Winnow.Abstractions.Health;

namespace Winnow.Adapters;

/// <summary>Tells a full disk from a broken one.</summary>
public static class FullDisk
{
    private const int NoSpaceOnUnix = 28;
    private const int QuotaOnLinux = 122, QuotaOnMac = 69;
    private const int DiskFullOnWindows = unchecked((int)0x80070070), HandleDiskFullOnWindows = unchecked((int)0x80070027);
    private const long Nothing = 64 << 10;

    /// <summary>Whether a call failed for want of space, or of what a quota leaves.</summary>
    public static bool Is(Exception? problem) => problem switch
    {
        null => false,
        StorageFullException => true,
        AggregateException several => several.InnerExceptions.Any(Is),
        Win32Exception native => IsCode(native.NativeErrorCode),
        IOException io => IsCode(io.HResult) || Is(io.InnerException),
        _ => Is(problem.InnerException),
    };

    /// <summary>Whether next to nothing is free where a file stands. For errors that do not say what is wrong.</summary>
    public static bool At(string path)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).AvailableFreeSpace < Nothing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Passes a failure on: by its name, where the disk is full.</summary>
    [DoesNotReturn]
    public static void Rethrow(string store, Exception problem)
    {
        if (problem is not StorageFullException && Is(problem)) throw StorageFullException.Of(store, problem);
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(problem);
    }

    private static bool IsCode(int code) =>
        OperatingSystem.IsWindows()
            ? code is DiskFullOnWindows or HandleDiskFullOnWindows or 112
            : code == NoSpaceOnUnix || code == (OperatingSystem.IsMacOS() ? QuotaOnMac : QuotaOnLinux);
}
