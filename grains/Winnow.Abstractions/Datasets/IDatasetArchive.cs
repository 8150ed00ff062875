using Winnow.Abstractions.Images;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Training;

namespace Winnow.Abstractions.Datasets;

/// <summary>Reads dataset versions and models back for whoever takes them out.</summary>
public interface IDatasetArchive
{
    /// <summary>Names of the export formats.</summary>
    IReadOnlyList<string> Formats { get; }

    /// <summary>A version's manifest as JSON lines; null when there is none.</summary>
    Task<Stream?> OpenManifestAsync(StoredVersion version, CancellationToken cancellationToken);

    /// <summary>Why labels under a schema cannot be said in a format that there is, as a sentence; null where they can.</summary>
    string? CannotSay(string format, LabelSchema schema);

    /// <summary>The format in which a version is exported where nobody names one: it can say all of its labels.</summary>
    string DefaultFor(LabelSchema schema);

    /// <summary>Why a caller cannot have versions in a format that there is, as a sentence; null where they can.</summary>
    string? CannotTake(string format, ContentCaller caller);

    /// <summary>Writes a version in a format; the same version always gives the same bytes.</summary>
    /// <exception cref="Security.ForbiddenException">Images go out with it, and the caller may not take originals.</exception>
    Task ExportAsync(DatasetInfo dataset, StoredVersion version, string format, ContentCaller caller, Stream destination,
        CancellationToken cancellationToken);

    /// <summary>What is different between two versions of a dataset, counted. Null stands for nothing: all images are added.</summary>
    Task<VersionDiff> DiffAsync(DatasetInfo dataset, StoredVersion? from, StoredVersion to, CancellationToken cancellationToken);

    /// <summary>Writes each image that is not the same in two versions as a line of JSON, in the order of ids.</summary>
    Task WriteChangesAsync(
        DatasetInfo dataset, StoredVersion? from, StoredVersion to, Stream destination, CancellationToken cancellationToken);

    /// <summary>A model's head as an ONNX file; null when there is none.</summary>
    Task<Stream?> OpenModelAsync(string dataset, ModelVersion model, CancellationToken cancellationToken);
}
