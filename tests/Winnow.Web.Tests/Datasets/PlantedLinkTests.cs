using System.Runtime.Versioning;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Silo.Hosting;
using Winnow.Testing;

namespace Winnow.Web.Tests.Datasets;

/// <summary>In a folder that others may write to, exports and backups cost nobody a file, whatever lies there.</summary>
[Trait("kind", "security")]
[UnsupportedOSPlatform("windows")]
public sealed class PlantedLinkTests(Server server) : IClassFixture<Server>, IDisposable
{
    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-planted-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string At(params string[] steps) => Path.Combine([_folder.FullName, .. steps]);

    private string Precious => At("precious", "photos", "one.txt");

    private async Task<string> DatasetAsync()
    {
        Directory.CreateDirectory(At("precious", "photos"));
        Directory.CreateDirectory(At("shared"));
        await File.WriteAllTextAsync(Precious, "mine");
        var name = "p" + Guid.NewGuid().ToString("n")[..12];
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await server.Client.CreateDatasetAsync(new CreateDataset(name, schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
        static async IAsyncEnumerable<ImageToImport> OneAsync()
        {
            yield return new ImageToImport("1.png", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(DrawnImages.Draw(1)), "disc");
            await Task.CompletedTask;
        }

        await foreach (var _ in server.Client.ImportAsync(name, OneAsync())) { }
        await server.Client.CreateVersionAsync(name, new CreateVersion());
        return name;
    }

    private Task<ExportedVersion> ExportAsync(string dataset, string folder, bool replace = false) =>
        server.Client.WriteExportAsync(dataset, 1, "imagenet", folder, new ExportOptions { Replace = replace });

    public static TheoryData<string> StagingNames =>
        [".winnow-export.partial", $".winnow-export.{new string('a', 32)}.winnow-partial"];

    [Theory, MemberData(nameof(StagingNames))]
    public async Task A_link_under_a_staging_name_within_is_not_emptied(string name)
    {
        var dataset = await DatasetAsync();
        await File.WriteAllTextAsync(At("precious", ".lock"), "");
        Directory.CreateSymbolicLink(At("shared", name), At("precious"));
        await ExportAsync(dataset, At("shared"));
        Assert.Equal("mine", await File.ReadAllTextAsync(Precious));
        Assert.True(Directory.Exists(At("shared", "train", "disc")));
    }

    [Theory]
    [InlineData(".out.winnow-partial")]
    [InlineData(".out.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.winnow-partial")]
    public async Task A_link_under_a_staging_name_beside_is_not_emptied(string name)
    {
        var dataset = await DatasetAsync();
        await File.WriteAllTextAsync(At("precious", ".lock"), "");
        Directory.CreateSymbolicLink(At("shared", name), At("precious"));
        await ExportAsync(dataset, At("shared", "out"));
        Assert.Equal("mine", await File.ReadAllTextAsync(Precious));
        Assert.Null(new DirectoryInfo(At("shared", "out")).LinkTarget);
        Assert.True(Directory.Exists(At("shared", "out", "train", "disc")));
    }

    [Fact]
    public async Task Links_in_what_a_killed_export_left_are_not_followed()
    {
        var dataset = await DatasetAsync();
        var left = KilledExport.Leave(At("shared"), "out");
        Directory.CreateSymbolicLink(Path.Combine(left, "content"), At("precious"));
        await ExportAsync(dataset, At("shared", "out"));
        Assert.Equal("mine", await File.ReadAllTextAsync(Precious));
        Assert.Equal(["out"], Directory.EnumerateFileSystemEntries(At("shared")).Select(f => Path.GetFileName(f)));
    }

    [Fact]
    public async Task A_folder_that_others_may_write_to_is_not_taken_for_what_a_killed_export_left()
    {
        var dataset = await DatasetAsync();
        var left = KilledExport.Leave(At("shared"), "out");
        File.SetUnixFileMode(left, Everybody | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(left, "kept"), "theirs");
        await ExportAsync(dataset, At("shared", "out"));
        Assert.Equal("theirs", await File.ReadAllTextAsync(Path.Combine(left, "kept")));
    }

    [Fact]
    public async Task A_backup_writes_into_no_planted_file_and_takes_no_mode_from_one()
    {
        var dataset = await DatasetAsync();
        File.CreateSymbolicLink(At("shared", ".b.tar.winnow-partial"), Precious);
        await File.WriteAllTextAsync(At("shared", ".c.tar.winnow-partial"), "");
        File.SetUnixFileMode(At("shared", ".c.tar.winnow-partial"), Everybody);
        foreach (var name in new[] { "b.tar", "c.tar" })
        {
            await server.Client.BackupAsync(dataset, At("shared", name));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("shared", name)));
            Assert.Null(new FileInfo(At("shared", name)).LinkTarget);
        }
        Assert.Equal("mine", await File.ReadAllTextAsync(Precious));
    }

    [Theory]
    [InlineData("../precious/photos/one.txt")]
    [InlineData("train/../../precious/photos/one.txt")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData(".winnow-export.jsonl")]
    [InlineData(".git/hooks/post-checkout")]
    [InlineData("train/disc/notes.txt")]
    public async Task A_list_that_names_what_no_export_writes_is_refused_and_nothing_is_removed(string path)
    {
        var dataset = await DatasetAsync();
        await ExportAsync(dataset, At("shared", "out"));
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("mine"u8));
        var list = At("shared", "out", ".winnow-export.jsonl");
        await File.AppendAllTextAsync(list, $$"""{"path":"{{path}}","bytes":4,"sha256":"{{sha256}}"}""" + "\n");
        var before = Files();
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => ExportAsync(dataset, At("shared", "out"), replace: true));
        Assert.Contains("is no file of an export", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Files());
        Assert.Equal("mine", await File.ReadAllTextAsync(Precious));
    }

    [Fact]
    public async Task A_link_on_the_way_of_a_listed_file_is_not_followed()
    {
        var dataset = await DatasetAsync();
        await ExportAsync(dataset, At("shared", "out"));
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("mine"u8));
        await File.AppendAllTextAsync(At("shared", "out", ".winnow-export.jsonl"),
            $$"""{"path":"train/old/{{ImageId.Of("mine"u8)}}.png","bytes":4,"sha256":"{{sha256}}"}""" + "\n");
        Directory.CreateSymbolicLink(At("shared", "out", "train", "old"), At("precious", "photos"));
        var before = Files();
        var refused = await Assert.ThrowsAsync<IOException>(() => ExportAsync(dataset, At("shared", "out"), replace: true));
        Assert.Contains("is a link", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Files());
        Assert.Equal("mine", await File.ReadAllTextAsync(Precious));
    }

    [Fact]
    public async Task A_link_in_place_of_the_list_is_refused()
    {
        var dataset = await DatasetAsync();
        await ExportAsync(dataset, At("shared", "out"));
        var list = At("shared", "out", ".winnow-export.jsonl");
        File.Move(list, At("elsewhere"));
        File.CreateSymbolicLink(list, At("elsewhere"));
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => ExportAsync(dataset, At("shared", "out"), replace: true));
        Assert.Contains("is a link", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_of_an_import_is_written_through_no_link_and_takes_no_mode_from_a_planted_file()
    {
        var dataset = await DatasetAsync();
        Directory.CreateDirectory(At("images"));
        await File.WriteAllTextAsync(At("images", "broken.png"), "no image");
        await File.WriteAllTextAsync(At("empty"), "");
        File.CreateSymbolicLink(At("shared", "link"), At("empty"));
        Task<CliResult> ImportAsync(string report) =>
            CliProcess.RunAsync(server.Address, [], "import", At("images"), "--dataset", dataset, "--report", report);
        var refused = await ImportAsync(At("shared", "link"));
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("is a link", refused.Output, StringComparison.Ordinal);
        Assert.Equal("", await File.ReadAllTextAsync(At("empty")));

        await File.WriteAllTextAsync(At("shared", "report"), "");
        File.SetUnixFileMode(At("shared", "report"), Everybody);
        await ImportAsync(At("shared", "report"));
        Assert.Contains("broken.png", await File.ReadAllTextAsync(At("shared", "report")), StringComparison.Ordinal);
        Assert.NotEqual(Everybody, File.GetUnixFileMode(At("shared", "report")));
    }

    [Fact]
    public async Task A_data_folder_is_tried_without_writing_into_anything_that_lies_there()
    {
        await DatasetAsync();
        File.CreateSymbolicLink(At("shared", $".start-{Environment.ProcessId}"), Precious);
        DataFolder.Prepare(At("shared"));
        Assert.Equal("mine", await File.ReadAllTextAsync(Precious));
    }

    private string[] Files() => [.. Directory.EnumerateFiles(At("shared"), "*", SearchOption.AllDirectories).Order()];
}
