namespace Winnow.Adapters;

/// <summary>Tells a file that another process holds from one that cannot be opened at all.</summary>
internal static class HeldFile
{
    private const int WouldBlockOnLinux = 11, WouldBlockOnMac = 35;
    private const int SharingViolationOnWindows = unchecked((int)0x80070020), LockViolationOnWindows = unchecked((int)0x80070021);

    /// <summary>Whether an attempt to open a file for oneself alone failed because somebody has it.</summary>
    public static bool IsHeld(IOException problem) => OperatingSystem.IsWindows()
        ? problem.HResult is SharingViolationOnWindows or LockViolationOnWindows
        : problem.HResult == (OperatingSystem.IsMacOS() ? WouldBlockOnMac : WouldBlockOnLinux);
}
