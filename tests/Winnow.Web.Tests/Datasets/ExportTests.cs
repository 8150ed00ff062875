using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Web.Tests.Datasets;

/// <summary>Exports and backups appear whole or not at all, and nothing of others' is lost to them.</summary>
[Trait("kind", "security")]
public sealed class ExportTests(Server server) : IClassFixture<Server>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-exports-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string Out => Path.Combine(_folder.FullName, "out");

    /// <summary>Version 1 has three discs and a frame; in version 2 one disc is bars.</summary>
    private async Task<(string Dataset, ImageId Corrected)> TwoVersionsAsync()
    {
        var name = "e" + Guid.NewGuid().ToString("n")[..12];
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await server.Client.CreateDatasetAsync(new CreateDataset(name, schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
        var taken = new List<IngestResult>();
        string?[] labels = ["disc", "disc", "disc", "frame", null];
        async IAsyncEnumerable<ImageToImport> ImagesAsync()
        {
            for (var i = 0; i < labels.Length; i++)
            {
                var index = i;
                yield return new ImageToImport($"{i}.png", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(DrawnImages.Draw(index)),
                    labels[i]);
            }
            await Task.CompletedTask;
        }

        await foreach (var result in server.Client.ImportAsync(name, ImagesAsync())) taken.Add(result);
        await server.Client.CreateVersionAsync(name, new CreateVersion());
        foreach (var (image, label) in new[] { (0, "bars"), (3, "bars") })
        {
            var decision = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(label)] };
            var correction = new SubmitDecision(taken[image].Id!.Value, Guid.NewGuid(), decision, ExpectedVersion: 0);
            Assert.Equal(SubmitStatus.Recorded, Assert.Single(await server.Client.SubmitAsync(name, [correction])).Status);
        }
        await server.Client.CreateVersionAsync(name, new CreateVersion());
        return (name, taken[0].Id!.Value);
    }

    private Task<ExportedVersion> ExportAsync(string dataset, int version, bool replace = false, string format = "imagenet",
        WinnowClient? client = null) =>
        (client ?? server.Client).WriteExportAsync(dataset, version, format, Out, new ExportOptions { Replace = replace });

    /// <summary>Everything in the folder with its content, hidden or not.</summary>
    private Dictionary<string, string> Tree() =>
        !Directory.Exists(Out) ? [] : Directory.EnumerateFiles(Out, "*", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(Out, f), f => Convert.ToBase64String(File.ReadAllBytes(f)));

    private async Task<string> AssertRefusedAsync(Func<Task> export)
    {
        var before = Tree();
        var refused = await Assert.ThrowsAnyAsync<IOException>(export);
        Assert.Equal(before.OrderBy(f => f.Key), Tree().OrderBy(f => f.Key));
        return refused.Message;
    }

    [Fact]
    public async Task A_version_takes_the_place_of_another_only_where_that_is_said_and_leaves_what_is_not_its_own()
    {
        var (dataset, corrected) = await TwoVersionsAsync();
        Assert.Equal(new ExportedVersion(4, 0), await ExportAsync(dataset, 1));
        Assert.Contains($"version 1 of {dataset} is in it", await AssertRefusedAsync(() => ExportAsync(dataset, 2)),
            StringComparison.Ordinal);
        Assert.Contains("--replace", await AssertRefusedAsync(() => ExportAsync(dataset, 2)), StringComparison.Ordinal);
        var note = Path.Combine(Out, "train", "disc", "notes.txt");
        await File.WriteAllTextAsync(note, "mine");

        Assert.Equal(new ExportedVersion(4, 2), await ExportAsync(dataset, 2, replace: true));
        Assert.Equal("mine", await File.ReadAllTextAsync(note));
        Assert.Equal(["bars", "disc"], Directory.EnumerateDirectories(Path.Combine(Out, "train")).Select(d => Path.GetFileName(d)).Order());
        var places = Directory.EnumerateFiles(Out, $"{corrected}.*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Out, f));
        Assert.Equal(Path.Combine("train", "bars", $"{corrected}.png"), Assert.Single(places));
        Assert.Equal(["out"], _folder.EnumerateFileSystemInfos().Select(f => f.Name));
        // And back again.
        Assert.Equal(new ExportedVersion(4, 2), await ExportAsync(dataset, 1, replace: true));
        Assert.Equal(["disc", "frame"],
            Directory.EnumerateDirectories(Path.Combine(Out, "train")).Select(d => Path.GetFileName(d)).Order());
    }

    [Fact]
    public async Task What_no_export_wrote_or_was_changed_since_is_never_replaced()
    {
        var (dataset, corrected) = await TwoVersionsAsync();
        Directory.CreateDirectory(Out);
        await File.WriteAllTextAsync(Path.Combine(Out, "thesis.txt"), "mine");
        foreach (var replace in new[] { false, true })
            Assert.Contains("'thesis.txt'", await AssertRefusedAsync(() => ExportAsync(dataset, 1, replace)), StringComparison.Ordinal);
        File.Delete(Path.Combine(Out, "thesis.txt"));
        // An empty folder is as good as none, whatever the system has laid into it.
        await File.WriteAllTextAsync(Path.Combine(Out, ".DS_Store"), "");
        await ExportAsync(dataset, 1);

        var place = Path.Combine(Out, "train", "bars", $"{corrected}.png");
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        await File.WriteAllTextAsync(place, "mine");
        Assert.Contains($"{place} was not written by an export", await AssertRefusedAsync(() => ExportAsync(dataset, 2, replace: true)),
            StringComparison.Ordinal);
        File.Delete(place);
        Directory.CreateDirectory(place);
        Assert.Contains($"{place} is a folder", await AssertRefusedAsync(() => ExportAsync(dataset, 2, replace: true)),
            StringComparison.Ordinal);
        Directory.Delete(place);
        Directory.Delete(Path.GetDirectoryName(place)!);
        await File.WriteAllTextAsync(Path.Combine(Out, "train", "bars"), "mine");
        Assert.Contains("is a file, and files of the export are to go below it",
            await AssertRefusedAsync(() => ExportAsync(dataset, 2, replace: true)), StringComparison.Ordinal);
        File.Delete(Path.Combine(Out, "train", "bars"));
        // Of the same length, and other.
        var edited = Directory.EnumerateFiles(Path.Combine(Out, "train", "frame")).Single();
        var bytes = await File.ReadAllBytesAsync(edited);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(edited, bytes);
        Assert.Contains($"{edited} was changed since it was exported",
            await AssertRefusedAsync(() => ExportAsync(dataset, 2, replace: true)), StringComparison.Ordinal);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(edited, bytes);
        Assert.Equal(2, (await ExportAsync(dataset, 2, replace: true)).Removed);
    }

    [Fact]
    public async Task A_table_that_somebody_edited_is_not_replaced()
    {
        var (dataset, _) = await TwoVersionsAsync();
        Assert.Equal(new ExportedVersion(1, 0), await ExportAsync(dataset, 1, format: "csv"));
        await File.AppendAllTextAsync(Path.Combine(Out, "dataset.csv"), "added by hand");
        Assert.Contains("was changed since", await AssertRefusedAsync(() => ExportAsync(dataset, 2, replace: true, format: "csv")),
            StringComparison.Ordinal);
        // Another format has other files, and the edited one is in its way no less.
        Assert.Contains("was changed since", await AssertRefusedAsync(() => ExportAsync(dataset, 2, replace: true)),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("imagenet", 100)]
    [InlineData("imagenet", 3000)]
    [InlineData("csv", 100)]
    public async Task An_export_that_breaks_off_leaves_nothing_or_what_was_there(string format, int bytes)
    {
        var (dataset, _) = await TwoVersionsAsync();
        using var broken = new HttpClient(new BrokenBodies(bytes));
        using var client = new WinnowClient(new WinnowClientOptions { Address = server.Address, RetryAttempts = 0 }, broken);
        Assert.Contains("broke off", await AssertRefusedAsync(() => ExportAsync(dataset, 1, format: format, client: client)),
            StringComparison.Ordinal);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
        await ExportAsync(dataset, 1, format: format);
        await AssertRefusedAsync(() => ExportAsync(dataset, 2, replace: true, format: format, client: client));
        Assert.Equal(["out"], _folder.EnumerateFileSystemInfos().Select(f => f.Name));
    }

    [Fact]
    public async Task What_a_killed_export_left_is_cleared_and_one_between_two_versions_is_gone_through_with()
    {
        var (dataset, _) = await TwoVersionsAsync();
        var beside = KilledExport.Leave(_folder.FullName, "out");
        Directory.CreateDirectory(Path.Combine(beside, "content", "train", "disc"));
        await File.WriteAllTextAsync(Path.Combine(beside, "content", "train", "disc", "half.png"), "half");
        await ExportAsync(dataset, 1);
        Assert.Equal(["out"], _folder.EnumerateFileSystemInfos().Select(f => f.Name));
        Assert.Empty(Directory.EnumerateFiles(Out, "half.png", SearchOption.AllDirectories));

        // Killed while files are moved: those of both versions are listed, some of the old are gone, some of the new are there.
        var list = Path.Combine(Out, ".winnow-export.jsonl");
        var first = await File.ReadAllLinesAsync(list);
        var disc = Directory.EnumerateFiles(Path.Combine(Out, "train", "disc")).First();
        var elsewhere = Path.Combine(_folder.FullName, "two");
        await server.Client.WriteExportAsync(dataset, 2, "imagenet", elsewhere);
        var second = await File.ReadAllLinesAsync(Path.Combine(elsewhere, ".winnow-export.jsonl"));
        var bars = Directory.EnumerateFiles(Path.Combine(elsewhere, "train", "bars")).First();
        Directory.CreateDirectory(Path.Combine(Out, "train", "bars"));
        File.Copy(bars, Path.Combine(Out, "train", "bars", Path.GetFileName(bars)));
        File.Delete(disc);
        await File.WriteAllLinesAsync(list,
            [second[0].Replace("\"replacing\":false", "\"replacing\":true", StringComparison.Ordinal), .. first[1..], .. second[1..]]);
        KilledExport.Leave(Out, "winnow-export");
        Assert.Contains("was cut off", (await Assert.ThrowsAnyAsync<IOException>(() => ExportAsync(dataset, 2))).Message,
            StringComparison.Ordinal);
        await ExportAsync(dataset, 2, replace: true);
        Assert.Equal(Files(elsewhere), Files(Out));
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f)).Order();

    [Fact]
    public async Task One_export_at_a_time_writes_into_a_folder()
    {
        var (dataset, _) = await TwoVersionsAsync();
        await ExportAsync(dataset, 1);
        var staging = KilledExport.Leave(Out, "winnow-export");
        using (new FileStream(Path.Combine(staging, ".lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            var refused = await Assert.ThrowsAnyAsync<IOException>(() => ExportAsync(dataset, 2, replace: true));
            Assert.Contains("Another export", refused.Message, StringComparison.Ordinal);
        }
        await ExportAsync(dataset, 2, replace: true);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "file"), "");
        foreach (var place in new[] { "file", "file/below", "file/far/below" })
        {
            var target = Path.Combine(_folder.FullName, place);
            var refused = await Assert.ThrowsAnyAsync<IOException>(() => server.Client.ExportAsync(dataset, 1, "csv", target));
            Assert.Contains("is a file. Name a folder", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_backup_replaces_a_file_only_where_told_and_only_when_it_is_whole()
    {
        var (dataset, _) = await TwoVersionsAsync();
        var file = Path.Combine(_folder.FullName, "pets.tar");
        await File.WriteAllTextAsync(file, "mine");
        Assert.Contains("exists already",
            (await Assert.ThrowsAnyAsync<IOException>(() => server.Client.BackupAsync(dataset, file))).Message, StringComparison.Ordinal);
        using (var broken = new HttpClient(new BrokenBodies(3000)))
        {
            using var client = new WinnowClient(new WinnowClientOptions { Address = server.Address, RetryAttempts = 0 }, broken);
            Assert.Contains("broke off",
                (await Assert.ThrowsAnyAsync<IOException>(() => client.BackupAsync(dataset, file, replace: true))).Message,
                StringComparison.Ordinal);
            await Assert.ThrowsAnyAsync<IOException>(() => client.BackupAsync(dataset, Path.Combine(_folder.FullName, "other.tar")));
        }
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
        Assert.Equal(["pets.tar"], _folder.EnumerateFileSystemInfos().Select(f => f.Name));
        var end = await server.Client.BackupAsync(dataset, file, replace: true);
        Assert.Equal(end, await BackupFile.CheckAsync(file), (a, b) => a!.Sha256 == b!.Sha256);
        Assert.Equal(["pets.tar"], _folder.EnumerateFileSystemInfos().Select(f => f.Name));
        Assert.Contains("There is no folder",
            (await Assert.ThrowsAnyAsync<IOException>(() => server.Client.BackupAsync(dataset,
            Path.Combine(_folder.FullName, "none", "x.tar")))).Message, StringComparison.Ordinal);
    }

    /// <summary>A network that breaks off answers after so many bytes.</summary>
    private sealed class BrokenBodies(int bytes) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
                response.Content = new StreamContent(new BrokenStream(await response.Content.ReadAsStreamAsync(cancellationToken), bytes),
                1);
            return response;
        }
    }

    private sealed class BrokenStream(Stream inner, int bytes) : MemoryStream
    {
        private int _left = bytes;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0) throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
            var read = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, _left)], cancellationToken);
            _left -= read;
            return read;
        }
    }
}
