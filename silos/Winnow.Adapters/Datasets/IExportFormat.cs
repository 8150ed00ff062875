using Winnow.Model.Labels;

namespace Winnow.Adapters.Datasets;

/// <summary>
/// One form in which a dataset version leaves Winnow. The same version always gives the same bytes, as long as the store has all of it.
/// </summary>
public interface IExportFormat
{
    /// <summary>By which a person asks for it: lower-case letters, digits and '-'.</summary>
    string Name { get; }

    /// <summary>Whether the original bytes of images go out with it.</summary>
    bool HasImages => false;

    /// <summary>Why labels under a schema cannot be said in it, as a sentence; null where they can: none is left out.</summary>
    string? CannotSay(LabelSchema schema);

    /// <summary>Writes a version. The destination is left open. A single image that cannot be read is named in it and left out.</summary>
    /// <exception cref="InvalidDataException">The manifest is missing or damaged.</exception>
    Task WriteAsync(VersionManifest version, Stream destination, CancellationToken cancellationToken);
}
