using System.Security.Cryptography;
using System.Text;

namespace Winnow.Client;

/// <summary>
/// A folder in which something is written before it gets its name. Nobody can foretell what it is called, and nobody but its owner can look
/// into it, so whatever others lay beside it is neither written to nor emptied. Its lock says whether whoever made it still lives.
/// </summary>
internal sealed class StagingFolder : IDisposable
{
    private const string Suffix = ".winnow-partial";
    private const string Lock = ".lock";
    private const string Content = "content";
    private const int LongestName = 180;
    private const int RandomBytes = 16;
    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>What earlier releases called it within the folder of an export. It is not written to any more.</summary>
    private const string Earlier = ".winnow-export.partial";

    private readonly string _folder;
    private readonly FileStream _lock;

    /// <summary>Makes one, and clears those for the same thing whose makers were killed.</summary>
    /// <param name="parent">Where it is made; that folder is there.</param>
    /// <param name="name">The name of what is written.</param>
    /// <exception cref="IOException">Another process is writing the same thing.</exception>
    public StagingFolder(string parent, string name)
    {
        var prefix = Prefix(name);
        var own = $"{prefix}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}{Suffix}";
        _folder = Path.Combine(parent, own);
        MakeClosed(_folder);
        _lock = new FileStream(
            Path.Combine(_folder, Lock), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        try
        {
            foreach (var left in Directory.EnumerateDirectories(parent).Where(d => Is(Path.GetFileName(d), prefix)))
                if (Path.GetFileName(left) != own) Clear(left);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where the thing itself is written: nothing is there at first.</summary>
    public string Inside => Path.Combine(_folder, Content);

    /// <summary>A name beside the thing itself, for what is written with it.</summary>
    public string Beside(string name) => Path.Combine(_folder, $"{Content}-{name}");

    /// <summary>Whether a name is one of these, by this release or an earlier one.</summary>
    public static bool IsName(string name) =>
        name.Equals(Earlier, StringComparison.OrdinalIgnoreCase)
            || (name.StartsWith('.') && name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase));

    public void Dispose()
    {
        _lock.Dispose();
        // Links in it go; where they lead is left alone.
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    /// <summary>
    /// Removes what a killed process left. It is ours when it is a folder and no link, closed to all others, and can be looked into: one
    /// that another user closed cannot be. Whatever else bears such a name stays.
    /// </summary>
    private void Clear(string left)
    {
        var held = Path.Combine(left, Lock);
        // Without a lock it is just being made, or just being removed.
        if (!IsOurs(left) || IsLink(held) || !File.Exists(held)) return;
        FileStream taken;
        try
        {
            taken = new FileStream(held, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"It is being written by another process, which holds {held}: {e.Message}", e);
        }
        using (taken)
        {
            // Away from where others could put a link in its place between this look and the removal.
            var away = Beside($"left-{Path.GetFileName(left)}");
            Directory.Move(left, away);
            if (IsOurs(away)) Directory.Delete(away, recursive: true);
            else Directory.Move(away, left);
        }
    }

    private static bool IsOurs(string folder)
    {
        var there = new DirectoryInfo(folder);
        return there.Exists && !IsLink(folder) && (OperatingSystem.IsWindows() || there.UnixFileMode == Mine);
    }

    /// <summary>Whether a link bears the name, wherever it leads and whether or not anything is there.</summary>
    public static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private static string Prefix(string name)
    {
        if (Encoding.UTF8.GetByteCount(name) > LongestName)
            name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16];
        return $".{name}.";
    }

    private static bool Is(string name, string prefix) =>
        name.Length == prefix.Length + 2 * RandomBytes + Suffix.Length
            && name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
            && name.AsSpan(prefix.Length, 2 * RandomBytes).IndexOfAnyExcept("0123456789abcdef") < 0;

    private static void MakeClosed(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Mine);
    }
}
