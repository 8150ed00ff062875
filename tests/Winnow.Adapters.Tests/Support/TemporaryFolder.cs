namespace Winnow.Adapters.Tests.Support;

/// <summary>A folder that goes with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <param name="parent">Where it is made; the place for temporary files where none is named.</param>
    public TemporaryFolder(string? parent = null) =>
        Path = parent is null ? Directory.CreateTempSubdirectory("winnow-").FullName
            : Directory.CreateDirectory(System.IO.Path.Combine(parent, $"winnow-{Guid.NewGuid():n}")).FullName;

    public string Path { get; }

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
