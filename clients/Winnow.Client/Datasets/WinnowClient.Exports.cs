using System.Formats.Tar;
using System.Globalization;
using System.Text.Json;
using Winnow.Http;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>An export of a version as a stream: <c>imagenet</c> is a tar file, <c>csv</c> text. Dispose it.</summary>
    public async Task<Stream> OpenExportAsync(string dataset, int version, string format, CancellationToken cancellationToken = default)
    {
        var path = string.Create(CultureInfo.InvariantCulture,
            $"{Dataset(dataset)}/versions/{version}/export?format={Uri.EscapeDataString(format)}");
        return await OpenAsync(HttpMethod.Get, path, "The export", cancellationToken);
    }

    /// <summary>
    /// Writes a version into a new or empty folder: <c>imagenet</c> as folders per class, <c>csv</c> as <c>dataset.csv</c>. All of it
    /// appears, or nothing. Returns the number of files.
    /// </summary>
    /// <exception cref="IOException">The folder is not empty, or cannot be written.</exception>
    public async Task<int> ExportAsync(
        string dataset, int version, string format, string folder, CancellationToken cancellationToken = default) =>
        (await WriteExportAsync(dataset, version, format, folder, null, cancellationToken)).Files;

    /// <summary>
    /// Writes a version into a folder: <c>imagenet</c> as folders per class, <c>csv</c> as <c>dataset.csv</c>. All of it appears, or
    /// nothing. A hidden file beside it lists what was written, so that a later export can replace that.
    /// </summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="version">Number of the version.</param>
    /// <param name="format">The export format.</param>
    /// <param name="folder">The folder; new or empty, unless the options allow for more.</param>
    /// <param name="options">How to go about it.</param>
    /// <param name="cancellationToken">Gives up. What is being put in place by then is, to its end.</param>
    /// <returns>What was written, and which images the server could not read: those are not in the folder.</returns>
    /// <exception cref="IOException">The folder holds what may not be replaced, or cannot be written.</exception>
    /// <exception cref="TimeoutException">Nothing came for longer than the client's timeout.</exception>
    public async Task<ExportedVersion> WriteExportAsync(
        string dataset, int version, string format, string folder, ExportOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        using var target = await ExportFolder.OpenAsync(folder, dataset, version, options?.Replace ?? false, cancellationToken);
        await using var stream = await OpenExportAsync(dataset, version, format, cancellationToken);
        var missing = new List<MissingObject>();
        if (format == "imagenet") await UnpackAsync(stream, target, missing, cancellationToken);
        else await target.AddAsync(ExportNames.Table(format), stream, null, cancellationToken);
        // A server that finds after the last file that it could not give all, as of a dataset that was deleted meanwhile, breaks off here.
        await stream.CopyToAsync(Stream.Null, cancellationToken);
        await target.CommitAsync(cancellationToken);
        var written = new ExportedVersion(target.Files, target.Removed);
        return missing.Count == 0 ? written : written with { Missing = missing };
    }

    private static async Task UnpackAsync(
        Stream stream, ExportFolder target, List<MissingObject> missing, CancellationToken cancellationToken)
    {
        await using var tar = new TarReader(stream, leaveOpen: true);
        while (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is { } entry)
        {
            if (entry.EntryType != TarEntryType.RegularFile)
                throw new InvalidDataException($"The export holds '{ShownText.Named(entry.Name)}', which is no plain file.");
            if (!ExportNames.IsInArchive(entry.Name))
                throw new InvalidDataException($"The export holds '{ShownText.Named(entry.Name)}', and exports write no file of that name.");
            if (ExportGaps.IsFileName(entry.Name))
            {
                await ReadGapsAsync(entry, target, missing, cancellationToken);
                continue;
            }
            // An image is called by its hash.
            var sha256 = ExportNames.ImageOf(entry.Name) is { } image ? Convert.ToHexStringLower(image.ToBytes()) : null;
            await target.AddAsync(entry.Name, entry.DataStream ?? Stream.Null, sha256, cancellationToken);
        }
    }

    /// <summary>Reads which images the export lacks; whoever works with the folder later finds it there too.</summary>
    private static async Task ReadGapsAsync(
        TarEntry entry, ExportFolder target, List<MissingObject> missing, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        await (entry.DataStream ?? Stream.Null).CopyToAsync(text, cancellationToken);
        text.Position = 0;
        using (var lines = new StreamReader(text, leaveOpen: true))
        {
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
                missing.Add(JsonSerializer.Deserialize(line, ModelJson.Default.MissingObject)
                    ?? throw new JsonException("A line is null."));
        }
        text.Position = 0;
        await target.AddAsync(entry.Name, text, null, cancellationToken);
    }

    /// <summary>A body that is read as it comes; where nothing comes for the client's timeout, reading ends with a reason.</summary>
    private async Task<Stream> OpenAsync(HttpMethod method, string path, string what, CancellationToken cancellationToken)
    {
        var response = await SendAsync(method, path, null, null, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
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
