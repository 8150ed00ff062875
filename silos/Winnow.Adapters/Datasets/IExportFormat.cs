namespace Winnow.Adapters.Datasets;

/// <summary>One form in which a dataset version leaves Winnow. The same version always gives the same bytes.</summary>
public interface IExportFormat
{
    /// <summary>By which a person asks for it: lower-case letters, digits and '-'.</summary>
    string Name { get; }

    /// <summary>Writes a version. The destination is left open.</summary>
    /// <exception cref="InvalidDataException">The manifest or an image is missing or damaged.</exception>
    Task WriteAsync(VersionManifest version, Stream destination, CancellationToken cancellationToken);
}
