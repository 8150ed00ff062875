using System.Globalization;
using System.Runtime.Versioning;
using Winnow.Cluster.Tests.Failover.Soak;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Security;

/// <summary>
/// What a server keeps is for its user alone, whatever the umask of whoever starts it, and however open an earlier release left it.
/// </summary>
[Trait("kind", "security")]
[UnsupportedOSPlatform("windows")]
public sealed class OwnersFilesTests : IDisposable
{
    private const string Dataset = "own";
    private const UnixFileMode OfFolders = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OfFiles = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // Everything is open that is not closed on purpose.
    private static readonly string[] CarelessShell = ["bash", "-c", "umask 000; exec \"$@\"", "bash"];

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("winnow-home-");

    private string Data => Path.Combine(_home.FullName, "data");

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public async Task An_embedded_silo_keeps_all_to_itself()
    {
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Under = CarelessShell, Folder = Data });
        await FillAsync(silo, 0);
        // While it runs, SQLite's log stands beside the ledger.
        Assert.All(["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock", "objects", "scoring"],
            name => Assert.True(Path.Exists(Path.Combine(Data, name)), name));
        AssertClosed();
        await silo.KillAsync();

        // As a release left it that did not care, and worse.
        foreach (var file in Entries()) File.SetUnixFileMode(file, Everybody);
        File.SetUnixFileMode(Data, Everybody);
        await silo.StartAgainAsync();
        AssertClosed();
        await FillAsync(silo, 1_000);
        AssertClosed();
        Assert.Equal(0, await silo.TerminateAsync());
        AssertClosed();
    }

    [Fact]
    [Trait("needs", "postgres")]
    [Trait("needs", "s3")]
    public async Task A_silo_of_a_cluster_keeps_its_copies_to_itself()
    {
        await using var cluster =
            new SiloCluster(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), await S3Server.SharedAsync(),
                S3Server.NewBucket());
        await SiloCluster.PrepareAsync();
        var silo = cluster.Add([], new SiloProcessOptions { Under = CarelessShell, Folder = Data });
        await silo.StartAgainAsync();
        await FillAsync(silo, 0);
        await Until.TrueAsync(() => Task.FromResult(Directory.EnumerateFiles(Path.Combine(Data, "cache")).Count() > 1), Limit,
            () => "segments are copied");
        AssertClosed();
    }

    [Fact]
    public async Task What_is_not_the_silos_own_stays_as_it_is()
    {
        Directory.CreateDirectory(Data);
        var other = Path.Combine(Data, "notes.txt");
        await File.WriteAllTextAsync(other, "somebody's own");
        var elsewhere = _home.CreateSubdirectory("elsewhere");
        foreach (var path in new[] { other, Data, elsewhere.FullName }) File.SetUnixFileMode(path, Everybody);
        Directory.CreateDirectory(Path.Combine(Data, "objects"));
        File.CreateSymbolicLink(Path.Combine(Data, "objects", "link"), elsewhere.FullName);
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Under = CarelessShell, Folder = Data });
        Assert.All([other, Data, elsewhere.FullName], path => Assert.Equal(Everybody, File.GetUnixFileMode(path)));
        Assert.Equal(OfFolders, File.GetUnixFileMode(Path.Combine(Data, "objects")));
        Assert.All(["ledger.db", "ledger.db-wal", "ledger.db-shm"],
            file => Assert.Equal(OfFiles, File.GetUnixFileMode(Path.Combine(Data, file))));
    }

    private static async Task FillAsync(SiloProcess silo, int from)
    {
        if (from == 0) await silo.Client.CreateDatasetAsync(SoakDataset.Named(Dataset, 2));
        await foreach (var result in silo.Client.ImportAsync(Dataset, DrawnImages.EnumerateAsync(60, from))) Assert.Equal(
            IngestStatus.Accepted, result.Status);
        await silo.Client.WaitForScoringAsync(Dataset);
        await silo.Client.CreateVersionAsync(Dataset, new CreateVersion());
    }

    private IEnumerable<string> Entries() =>
        Directory.EnumerateFileSystemEntries(Data, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });

    private void AssertClosed()
    {
        var open = Entries().Append(Data).Select(path => (path, Mode: Mode(path)))
            .Where(e => e.Mode is { } mode && mode != (Directory.Exists(e.path) ? OfFolders : OfFiles));
        Assert.Empty(open.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.path}: {Convert.ToString((int)e.Mode!, 8)}")));
    }

    // What is written is named elsewhere when it is whole.
    private static UnixFileMode? Mode(string path)
    {
        try
        {
            return File.GetUnixFileMode(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
