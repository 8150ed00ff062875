using System.Security.Cryptography;
using System.Text;

namespace Winnow.Client;

/// <summary>What is written beside its place under another name, and gets its own when it is whole.</summary>
internal static class PartialFile
{
    private const string Suffix = ".winnow-partial";
    private const int LongestName = 200;

    /// <summary>
    /// The name beside a file or folder under which it is written. It is always the same one, so that what a killed process left is taken
    /// by the next.
    /// </summary>
    public static string Beside(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var name = Path.GetFileName(full);
        if (Encoding.UTF8.GetByteCount(name) > LongestName)
            name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16];
        return Path.Combine(Path.GetDirectoryName(full) ?? full, $".{name}{Suffix}");
    }

    /// <summary>Writes a file that appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether it may take the place of one that is there.</param>
    /// <param name="secret">Whether nobody but its owner may read it.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="check">Looks at what arrived on the disk before the file gets its name.</param>
    /// <exception cref="IOException">A file of that name is there and may not be replaced, or another process writes it now.</exception>
    public static async Task<T> WriteAsync<T>(string path, bool replace, bool secret, Func<Stream, Task> write, Func<string, Task<T>> check)
    {
        if (Directory.Exists(path)) throw new IOException($"{path} is a folder. Name a file.");
        if (!replace && File.Exists(path)) throw AlreadyThere(path);
        var partial = Beside(path);
        if (Path.GetDirectoryName(partial) is { } folder && !Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder {folder}.");
        var file = Open(partial, path, secret);
        try
        {
            await using (file)
            {
                await write(file);
                file.Flush(flushToDisk: true);
            }
            var result = await check(partial);
            Move(partial, path, replace);
            return result;
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static FileStream Open(string partial, string path, bool secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (secret && !OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new FileStream(partial, options);
        }
        catch (IOException e) when (File.Exists(partial))
        {
            throw new IOException($"{path} is being written by another process, or {partial} cannot be written: {e.Message}", e);
        }
    }

    private static void Move(string partial, string path, bool replace)
    {
        try
        {
            File.Move(partial, path, replace);
        }
        catch (IOException) when (!replace && File.Exists(path))
        {
            throw AlreadyThere(path);
        }
    }

    private static IOException AlreadyThere(string path) =>
        new($"{path} exists already and is not overwritten. Name another file, or say --replace.");
}
