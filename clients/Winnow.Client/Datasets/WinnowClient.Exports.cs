using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Winnow.Http;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>An export of a version as a stream: <c>imagenet</c> is a tar file, <c>csv</c> and <c>jsonl</c> text. Dispose it.</summary>
    public async Task<Stream> OpenExportAsync(string dataset, int version, string format, CancellationToken cancellationToken = default)
    {
        var path = string.Create(CultureInfo.InvariantCulture,
            $"{Dataset(dataset)}/versions/{version}/export?format={Uri.EscapeDataString(format)}");
        return await OpenAsync(HttpMethod.Get, path, "The export", cancellationToken);
    }

    /// <summary>
    /// Writes a version into a new or empty folder: <c>imagenet</c> as folders per class, <c>csv</c> and <c>jsonl</c> as one file. All of
    /// it appears, or nothing. Returns the number of files.
    /// </summary>
    /// <exception cref="IOException">The folder is not empty, or cannot be written.</exception>
    public async Task<int> ExportAsync(
        string dataset, int version, string format, string folder, CancellationToken cancellationToken = default) =>
        (await WriteExportAsync(dataset, version, format, folder, null, cancellationToken)).Files;

    /// <summary>
    /// Writes a version into a folder: <c>imagenet</c> as folders per class, <c>csv</c> as <c>dataset.csv</c>, <c>jsonl</c> as
    /// <c>dataset.jsonl</c> with all that is known of each image. All of it appears, or nothing. A hidden file beside it lists what was
    /// written, so that a later export can replace that.
    /// </summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="version">Number of the version.</param>
    /// <param name="format">The export format.</param>
    /// <param name="folder">The folder; new or empty, unless the options allow for more.</param>
    /// <param name="options">How to go about it.</param>
    /// <param name="cancellationToken">Gives up. What is being put in place by then is, to its end.</param>
    /// <returns>What was written, and which images the server could not read: those are not in the folder.</returns>
    /// <exception cref="IOException">The folder holds what may not be replaced, or cannot be written.</exception>
    /// <exception cref="InvalidDataException">What came is no export, or not all of it.</exception>
    /// <exception cref="TimeoutException">Nothing came for longer than the client's timeout.</exception>
    public async Task<ExportedVersion> WriteExportAsync(
        string dataset, int version, string format, string folder, ExportOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        using var target = await ExportFolder.OpenAsync(folder, dataset, version, options?.Replace ?? false, cancellationToken);
        await using var stream = new SentBody(await OpenExportAsync(dataset, version, format, cancellationToken));
        var what = string.Create(CultureInfo.InvariantCulture, $"The export of version {version} of dataset '{dataset}'");
        var archive = new ExportArchive(stream, what);
        if (format == "imagenet") await archive.UnpackAsync(target, cancellationToken);
        else await archive.CopyAsync(format, target, cancellationToken);
        await target.CommitAsync(cancellationToken);
        var written = new ExportedVersion(target.Files, target.Removed);
        return archive.Missing.Count == 0 ? written : written with { Missing = archive.Missing };
    }

    /// <summary>What is different between two versions, by class and by whose word the labels are.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="from">Number of the earlier version; 0: nothing, so that all images are added.</param>
    /// <param name="to">Number of the later version; any two may be compared.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<VersionDiff> DiffVersionsAsync(string dataset, int from, int to, CancellationToken cancellationToken = default) =>
        GetAsync(Comparison(dataset, from, to, "diff"), ModelJson.Default.VersionDiff, cancellationToken);

    /// <summary>Each image that is not the same in two versions, in the order of ids.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="from">Number of the earlier version; 0: nothing, so that all images are added.</param>
    /// <param name="to">Number of the later version.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">What came is no such list.</exception>
    public async IAsyncEnumerable<VersionChange> ListVersionChangesAsync(
        string dataset, int from, int to, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var stream = await OpenAsync(HttpMethod.Get, Comparison(dataset, from, to, "changes"), "The comparison", cancellationToken);
        using var lines = new StreamReader(stream);
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
            yield return JsonSerializer.Deserialize(line, ModelJson.Default.VersionChange)
                ?? throw new InvalidDataException("A line of the comparison is null.");
    }

    private static string Comparison(string dataset, int from, int to, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{Dataset(dataset)}/versions/{to}/{what}?from={from}");

    /// <summary>A body that is read as it comes; where nothing comes for the client's timeout, reading ends with a reason.</summary>
    private async Task<Stream> OpenAsync(
        HttpMethod method, string path, string what, CancellationToken cancellationToken, string? accept = null)
    {
        var response = await SendAsync(method, path, null, null, HttpCompletionOption.ResponseHeadersRead, cancellationToken, accept);
        return Patient(await response.Content.ReadAsStreamAsync(cancellationToken), what);
    }

    /// <summary>A body that goes on within the client's timeout, or ends with a reason.</summary>
    private PatientStream Patient(Stream body, string what)
    {
        string Reason(long bytes, string why) => string.Create(CultureInfo.InvariantCulture,
            $"{what} {why}, after {bytes} bytes. Begin it again.");
        return new PatientStream(body, _options.Timeout, _options.TimeProvider, (bytes, cause) => cause is null
            ? new TimeoutException(Reason(bytes,
                string.Create(CultureInfo.InvariantCulture, $"stood still for {_options.Timeout.TotalSeconds:0.#} s")))
            : new IOException(Reason(bytes, $"broke off ({cause.Message.TrimEnd('.')}); the server's log has the cause"), cause));
    }
}
