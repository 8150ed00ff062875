namespace Winnow.Client;

/// <summary>Files that appear whole or not at all.</summary>
public static class WholeFile
{
    /// <summary>Writes a file under another name beside its place, and gives it its own when all of it is on the disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether it may take the place of one that is there.</param>
    /// <param name="content">What it is to hold.</param>
    /// <param name="cancellationToken">Gives up; then there is no file.</param>
    /// <exception cref="IOException">A file of that name is there and may not be replaced, or it cannot be written.</exception>
    public static Task WriteAsync(string path, bool replace, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        PartialFile.WriteAsync(path, replace, secret: false, to => to.WriteAsync(content, cancellationToken).AsTask(),
            _ => Task.FromResult(true));
}
