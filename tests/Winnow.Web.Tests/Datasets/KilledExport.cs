namespace Winnow.Web.Tests.Datasets;

/// <summary>What an export or a backup leaves that is killed: a folder that is closed to others, with a lock that nobody holds.</summary>
internal static class KilledExport
{
    public static string Leave(string parent, string name, char digit = 'a')
    {
        var folder = Path.Combine(parent, $".{name}.{new string(digit, 32)}.winnow-partial");
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(folder, ".lock"), "");
        return folder;
    }
}
