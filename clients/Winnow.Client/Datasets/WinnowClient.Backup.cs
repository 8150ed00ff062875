using System.Runtime.CompilerServices;
using Winnow.Model;
using Winnow.Model.Datasets;

namespace Winnow.Client;

public sealed partial class WinnowClient
{
    /// <summary>
    /// A backup of a dataset as a tar stream, written while the dataset is worked with. It is whole when
    /// <see cref="BackupFile.CheckStreamAsync"/> says so. Dispose it.
    /// </summary>
    public Task<Stream> OpenBackupAsync(string dataset, CancellationToken cancellationToken = default) =>
        OpenAsync(HttpMethod.Get, $"{Dataset(dataset)}/backup", "The backup", cancellationToken);

    /// <summary>
    /// Writes a backup of a dataset into a file and checks what arrived on the disk. The file bears its name only when it is whole.
    /// </summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="file">The file.</param>
    /// <param name="progress">Told of the bytes received.</param>
    /// <param name="replace">
    /// Whether the file may take the place of one that is there. Default false: there must be none of that name.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    /// <exception cref="InvalidDataException">The backup did not arrive whole.</exception>
    /// <exception cref="TimeoutException">Nothing came for longer than the client's timeout.</exception>
    public Task<BackupEnd> BackupAsync(
        string dataset, string file, IProgress<long>? progress = null, bool replace = false,
        CancellationToken cancellationToken = default) =>
        // It holds all that people said, so nobody but its owner may read it.
        PartialFile.WriteAsync(file, replace, secret: true, async to =>
        {
            await using var stream = await OpenBackupAsync(dataset, cancellationToken);
            await BackupFile.CopyAsync(stream, to, progress, cancellationToken);
        }, partial => BackupFile.CheckAsync(partial, cancellationToken: cancellationToken));

    /// <summary>Restores a backup into a dataset that does not exist yet. One that failed may be repeated.</summary>
    /// <param name="file">The file that <see cref="BackupAsync"/> wrote.</param>
    /// <param name="dataset">Name of the dataset; null for the one that it had.</param>
    /// <param name="progress">Told of the bytes sent.</param>
    /// <param name="alikeClasses">
    /// Whether to take classes that differ only in case or Unicode form, which are refused to new datasets.
    /// </param>
    /// <param name="cancellationToken">Gives up, as long as not all is sent.</param>
    /// <exception cref="WinnowApiException">The name is taken, or the backup is damaged.</exception>
    public async Task<RestoredDataset> RestoreAsync(
        string file, string? dataset = null, IProgress<long>? progress = null, bool alikeClasses = false,
        CancellationToken cancellationToken = default)
    {
        await using var from =
            new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        return await RestoreStreamAsync(from, dataset, progress, alikeClasses, cancellationToken);
    }

    /// <summary>Restores a backup from a stream, which is read once.</summary>
    /// <exception cref="WinnowApiException">The name is taken, or the backup is damaged.</exception>
    public async Task<RestoredDataset> RestoreStreamAsync(
        Stream backup, string? dataset = null, IProgress<long>? progress = null, bool alikeClasses = false,
        CancellationToken cancellationToken = default)
    {
        var name = dataset is null ? "" : "&dataset=" + Uri.EscapeDataString(dataset);
        var path = $"/api/v1/restore?alikeClasses={(alikeClasses ? "true" : "false")}{name}";
        var server = CurrentServer;
        using var limit = new CancellationTokenSource(System.Threading.Timeout.InfiniteTimeSpan, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        // However long it takes, as long as it goes on; and once: a stream cannot be sent again.
        var content = new BackupContent(backup, progress,
            waiting => limit.CancelAfter(waiting ? _options.Timeout : _options.RestoreTimeout));
        using var request = NewRequest(HttpMethod.Post, server.At(path), content);
        // A name that is taken is refused before anything is sent.
        request.Headers.ExpectContinue = true;
        limit.CancelAfter(_options.Timeout);
        try
        {
            using var response = await OnceAsync(
                request, server.Uri, HttpCompletionOption.ResponseHeadersRead, System.Threading.Timeout.InfiniteTimeSpan, either.Token);
            await Answers.CheckAsync(response, either.Token);
            return await ReadAsync(response, ModelJson.Default.RestoredDataset, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(content.Sent
                ? $"{server.Uri} had all of the backup and did not answer for {_options.RestoreTimeout}. "
                    + "Look whether the dataset is there before you begin again."
                : $"{server.Uri} took nothing of the backup for {_options.Timeout.TotalSeconds:0.#} s, after {content.Bytes} bytes. "
                    + "Begin it again.", e);
        }
        catch (HttpRequestException e) when (content.Bytes > 0 && Unreachable.IsBrokenOff(e))
        {
            throw new HttpRequestException(e.HttpRequestError, BrokenOff(Unreachable.NameOf(server.Uri), content), e);
        }
    }

    /// <summary>What a server that ended in the middle of a restore leaves undone, and how to go on.</summary>
    private static string BrokenOff(string server, BackupContent content) => content.Sent
        ? $"The server {server} had all of the backup and was gone before it answered: it was stopped or killed, or the connection broke. "
            + "See that it runs, look whether the dataset is there, and if it is not, restore the backup again."
        : $"The server {server} was gone after {content.Bytes} bytes of the backup: it was stopped or killed, or the connection broke. "
            + "There is no dataset of it, since one appears whole or not at all. See that the server runs, then restore the backup again.";

    /// <summary>Holds the rows of a dataset against its objects: how far it has come, and last the report.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="hash">Whether to read all bytes and hold them against their hashes.</param>
    /// <param name="repairDerived">Whether to have missing and damaged segments made again.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async IAsyncEnumerable<VerificationStep> VerifyAsync(string dataset, bool hash = false, bool repairDerived = false,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var path = $"{Dataset(dataset)}/verify?hash={(hash ? "true" : "false")}&repairDerived={(repairDerived ? "true" : "false")}";
        using var lines = new StreamReader(await OpenAsync(HttpMethod.Post, path, "The verification", cancellationToken));
        var reported = false;
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            var step = Answers.ReadLine(line, ModelJson.Default.VerificationStep, "a step of the verification");
            reported |= step.Report is not null;
            yield return step;
        }
        if (!reported) throw new IOException(
            $"The server ended the verification of '{dataset}' before its report. Its log has the reason; begin it again.");
    }
}
