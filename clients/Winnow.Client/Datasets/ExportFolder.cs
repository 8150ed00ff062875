using System.Security.Cryptography;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Client;

/// <summary>
/// The folder of an export. It appears whole or not at all: files are written into a folder beside it, which then gets its name. Where it
/// is there already, they are written into a hidden folder within, which is a move away on any file system, and moved when all are there.
/// An export that is cut off in between leaves a list of what is whose, by which the next one goes on; what no export wrote is never
/// touched.
/// </summary>
internal sealed class ExportFolder : IDisposable
{
    /// <summary>What is staged in a folder that is there.</summary>
    private const string Staged = "winnow-export";

    /// <summary>What systems lay into folders by themselves.</summary>
    private static readonly string[] Litter = [".DS_Store", "Thumbs.db", "desktop.ini", "lost+found"];

    private readonly string _folder;
    private readonly StagingFolder _staging;
    private readonly bool _exists;
    private readonly ExportList _written;
    private readonly ExportList? _before;

    private ExportFolder(string folder, bool exists, ExportList? before, ExportHeader header)
    {
        (_folder, _exists, _before) = (folder, exists, before);
        _written = new ExportList { Header = header };
        _staging = Stage();
    }

    /// <summary>Files of the version that were written, without those that hold names.</summary>
    public int Files { get; private set; }

    /// <summary>Files of the version before that were removed.</summary>
    public int Removed { get; private set; }

    /// <summary>Finds out whether a version may be written into a folder, and makes ready.</summary>
    /// <exception cref="IOException">
    /// There is something in the folder that may not be replaced, or another export is being written into it.
    /// </exception>
    public static async Task<ExportFolder> OpenAsync(
        string folder, string dataset, int version, bool replace, CancellationToken cancellationToken)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        Check(folder);
        var exists = Directory.Exists(full);
        List<string> held = exists ? [.. Directory.EnumerateFileSystemEntries(full).Select(p => Path.GetFileName(p)).Except(Litter)
            .Where(n => !StagingFolder.IsName(n))] : [];
        ExportList? before = null;
        if (held.Count > 0)
        {
            before = await ExportList.ReadAsync(full, cancellationToken);
            var what = before is null
                ? $"no export of Winnow is in it, but '{held[0]}'{(held.Count > 1 ? $" and {held.Count - 1} more" : "")}"
                : before.Header.Replacing ? "an export into it was cut off"
                : $"version {before.Header.Version} of {before.Header.Dataset} is in it";
            if (before is null)
                throw new IOException($"{folder} is not empty: {what}. Name a new folder; what no export wrote is not replaced.");
            if (!replace) throw new IOException($"{folder} is not empty: {what}. Name a new folder, or say --replace.");
        }
        return new ExportFolder(full, exists, before, ExportList.NewHeader(dataset, version));
    }

    /// <summary>Refuses a place at which no folder can appear.</summary>
    /// <exception cref="IOException">Something else stands there.</exception>
    public static void Check(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var kind = FileFacts.Of(full).Kind;
        if (kind is FileKind.File or FileKind.Device or FileKind.Pipe or FileKind.Socket)
            throw new IOException($"{folder} is a {kind.ToString().ToLowerInvariant()}. Name a folder.");
        if (kind is FileKind.Missing or FileKind.Loop && StagingFolder.IsLink(full))
            throw new IOException($"{folder} is a link that leads to no folder. Name a folder.");
        var above = Path.GetDirectoryName(full);
        while (above is not null && FileFacts.Of(above).Kind == FileKind.Missing) above = Path.GetDirectoryName(above);
        if (above is not null && FileFacts.Of(above).Kind is var stands and not (FileKind.Folder or FileKind.Denied))
            throw new IOException($"{folder} cannot be made, as {above} is a {stands.ToString().ToLowerInvariant()}. Name a folder.");
    }

    private StagingFolder Stage()
    {
        var parent = _exists ? _folder : Path.GetDirectoryName(_folder) ?? _folder;
        StagingFolder staging;
        try
        {
            Directory.CreateDirectory(parent);
            staging = new StagingFolder(parent, _exists ? Staged : Path.GetFileName(_folder));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw PartialFile.CannotBeMade(_folder, e);
        }
        catch (IOException e)
        {
            throw new IOException($"Another export is being written into {_folder}, or it cannot be written: {e.Message}", e);
        }
        Directory.CreateDirectory(staging.Inside);
        return staging;
    }

    /// <summary>Writes one file.</summary>
    /// <param name="path">Its path below the folder, with slashes.</param>
    /// <param name="content">What it is to hold.</param>
    /// <param name="expected">What its hash must be; null for whatever it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">
    /// No export writes a file of that path, or not twice, or the content is other than expected.
    /// </exception>
    public async Task AddAsync(string path, Stream content, string? expected, CancellationToken cancellationToken)
    {
        if (!ExportNames.IsWritten(path))
            throw new InvalidDataException($"The export holds '{ShownText.Named(path)}', and exports write no file of that name.");
        if (_written.Contains(path)) throw new InvalidDataException($"The export holds '{ShownText.Named(path)}' twice.");
        var target = ExportPath.At(_staging.Inside, path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = 0L;
        await using (var file = new FileStream(target, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous))
        {
            var buffer = new byte[1 << 16];
            for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0; bytes += read)
            {
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (expected is not null && sha256 != expected)
            throw new InvalidDataException($"'{ShownText.Named(path)}' did not arrive as it is in the version. Begin the export again.");
        _written.Add(new ExportedFile(path, bytes, sha256));
        if (path[path.LastIndexOf('/') + 1] != '.') Files++;
    }

    /// <summary>Puts everything into its place.</summary>
    /// <exception cref="IOException">Something that no export wrote, or that was changed since, stands where a file is to go.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        var list = Path.Combine(_staging.Inside, ExportNames.List);
        await _written.WriteAsync(list, cancellationToken);
        if (!_exists)
        {
            Directory.Move(_staging.Inside, _folder);
            return;
        }
        await RefuseForeignAsync(cancellationToken);
        // From here on it is gone through with: what is half done is worse than either.
        if (_before is not null)
        {
            var both = new ExportList { Header = _written.Header with { Replacing = true } };
            both.AddAll(_before);
            both.AddAll(_written);
            var journal = _staging.Beside("both");
            await both.WriteAsync(journal, CancellationToken.None);
            File.Move(journal, Path.Combine(_folder, ExportNames.List), overwrite: true);
            RemoveOld(_before);
        }
        foreach (var path in _written.Paths)
        {
            var target = At(path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(ExportPath.At(_staging.Inside, path), target, overwrite: true);
        }
        File.Move(list, Path.Combine(_folder, ExportNames.List), overwrite: true);
    }

    public void Dispose() => _staging.Dispose();

    private string At(string path) => ExportPath.At(_folder, path);

    /// <summary>Nothing is overwritten or removed but what an export wrote and nobody has touched since.</summary>
    private async Task RefuseForeignAsync(CancellationToken cancellationToken)
    {
        foreach (var path in _written.Paths.Concat(_before?.Paths ?? []).Distinct(StringComparer.Ordinal))
        {
            if (ExportPath.LinkOnTheWay(_folder, path) is { } link)
                throw Foreign(link, "is a link, and exports neither follow nor replace any");
            var file = new FileInfo(At(path));
            if (_written.Contains(path)) RefuseBlocked(path);
            if (!file.Exists) continue;
            if (_before?.Contains(path) != true) throw Foreign(path, "was not written by an export");
            if (!_before.MayBe(path, file.Length) || !_before.Is(path, await HashAsync(file.FullName, cancellationToken)))
                throw Foreign(path, "was changed since it was exported");
        }
    }

    /// <summary>A folder where a file is to go, or a file where a folder is.</summary>
    private void RefuseBlocked(string path)
    {
        if (Directory.Exists(At(path))) throw Foreign(path, "is a folder, and a file of the export is to go there");
        for (var at = path.IndexOf('/'); at > 0; at = path.IndexOf('/', at + 1))
            if (File.Exists(At(path[..at]))) throw Foreign(path[..at], "is a file, and files of the export are to go below it");
    }

    private IOException Foreign(string path, string what) =>
        new($"{At(path)} {what}. It is left as it is: move it away, or name a new folder.");

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16,
            FileOptions.Asynchronous | FileOptions.SequentialScan);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }

    private void RemoveOld(ExportList before)
    {
        var emptied = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in before.Paths.Where(p => !_written.Contains(p)))
        {
            if (!File.Exists(At(path))) continue;
            File.Delete(At(path));
            Removed++;
            for (var at = path.LastIndexOf('/'); at > 0; at = path.LastIndexOf('/', at - 1)) emptied.Add(path[..at]);
        }
        // The deepest first; one that holds something else stays.
        foreach (var folder in emptied.OrderByDescending(f => f.Length))
            if (Directory.Exists(At(folder)) && !Directory.EnumerateFileSystemEntries(At(folder)).Any()) Directory.Delete(At(folder));
    }
}
