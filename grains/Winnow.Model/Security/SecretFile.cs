namespace Winnow.Model.Security;

/// <summary>
/// Reads a secret from a file, such as a mounted one. What is wrong is said with the option's name and never with what the file holds.
/// </summary>
public static class SecretFile
{
    private const int MaxBytes = 64 << 10;

    /// <summary>The secret, without what editors and shells leave around it: see <see cref="SecretText.Trim"/>.</summary>
    /// <param name="option">The option that names the file.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException">It is not there, cannot be read, or holds nothing.</exception>
    public static string Read(string option, string path)
    {
        try
        {
            if (Directory.Exists(path)) throw new ArgumentException($"{option} names {path}, which is a folder. Name the file in it.");
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
            using var reader = new StreamReader(file);
            var buffer = new char[MaxBytes + 1];
            var length = reader.ReadBlock(buffer);
            if (length > MaxBytes)
                throw new ArgumentException($"{option} names {path}, which is larger than {MaxBytes >> 10} KiB: is it the right file?");
            return SecretText.Trim(new string(buffer, 0, length))
                ?? throw new ArgumentException($"{option} names {path}, which is empty. Write the secret into it.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ArgumentException($"{option} names {path}, which is not there.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ArgumentException($"{option} names {path}, which the user {Environment.UserName} may not read.", e);
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            throw new ArgumentException($"{option} names {path}, which cannot be read: {e.Message}", e);
        }
    }
}
