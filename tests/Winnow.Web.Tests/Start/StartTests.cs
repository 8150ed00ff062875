using System.Net;
using System.Net.Sockets;
using Winnow.Adapters.Tests.Support;
using Winnow.Testing;

namespace Winnow.Web.Tests.Start;

/// <summary>
/// Whatever keeps the server from starting is one sentence and exit code 1, and what other programs keep in the environment is theirs.
/// </summary>
public sealed partial class StartTests : IDisposable
{
    private const UnixFileMode Everything = (UnixFileMode)0b111_111_111;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-start-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_server_and_the_command_line_say_that_they_are_one_version()
    {
        // Behind the plus stands the commit that each was last built at.
        var version = (await CliProcess.RunWithAsync(_ => { }, "--version")).Output.Split('+')[0];
        Assert.Matches(@"^\d+\.\d+\.\d+$", version);
        foreach (var line in new string[][] { ["--version"], ["--Data", At("data"), "--version"], ["demo", "--version"] })
        {
            var (code, output) = await SiloRun.RunAsync(line);
            Assert.Equal((0, version), (code, output.Split('+')[0]));
            Assert.Single(output.TrimEnd().Split('\n'));
        }
        Assert.False(Directory.Exists(At("data")));
    }

    [Theory]
    [InlineData("urls")]
    [InlineData("Metrics:Url")]
    public async Task A_port_that_is_taken_is_named(string option)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        string[] urls = option == "urls" ? [] : ["--urls", "http://127.0.0.1:0"];
        await SiloRun.RefusedAsync($"port {port} is in use by another program. Stop that one, or take another port. See --{option}.",
            ["--Data", At("data"), $"--{option}", $"http://127.0.0.1:{port}", .. urls]);
        // Nothing was begun.
        Assert.False(Directory.Exists(At("data")));
    }

    [Theory]
    [InlineData("http://127.0.0.1:99999", "--urls must be an address such as")]
    [InlineData("ftp://127.0.0.1:5080", "--urls must be an address of http or https")]
    [InlineData("http://127.0.0.1:5080/path", "--urls names an address without a path")]
    [InlineData("http://203.0.113.5:0", "without a key")]
    public async Task An_address_that_is_none_is_named(string url, string says) =>
        await SiloRun.RefusedAsync(says, ["--urls", url, "--Data", At("data")]);

    [Fact]
    public async Task A_data_folder_that_is_a_file_or_in_one_is_named()
    {
        await File.WriteAllTextAsync(At("file"), "");
        await SiloRun.RefusedAsync("it is a file. Name a folder. See --Data.", Serving(At("file")));
        await SiloRun.RefusedAsync($"{At("file")} is a file and no folder. See --Data.", Serving(At("file/data")));
    }

    [Fact]
    public async Task What_stands_where_the_server_keeps_its_own_is_named()
    {
        foreach (var name in new[] { "ledger.db", "ledger.db.lock" })
        {
            Directory.CreateDirectory(At($"data/{name}"));
            await SiloRun.RefusedAsync($"{At($"data/{name}")} is a folder, and the server keeps a file there.", Serving(At("data")));
            Directory.Delete(At($"data/{name}"));
        }
        foreach (var name in new[] { "objects", "scoring", "spool" })
        {
            await File.WriteAllTextAsync(At($"data/{name}"), "");
            await SiloRun.RefusedAsync($"{At($"data/{name}")} is a file, and the server keeps a folder there.", Serving(At("data")));
            File.Delete(At($"data/{name}"));
        }
    }

    [Fact]
    public async Task What_the_demo_cannot_do_is_said_before_it_begins()
    {
        await File.WriteAllTextAsync(At("file"), "");
        await SiloRun.RefusedAsync($"{At("file")} is a file and no folder. Choose another --out.", ["demo", "--out", At("file")]);
        await SiloRun.RefusedAsync($"{At("file")} is a file and no folder. Choose another --out.", ["demo", "--out", At("file/below")]);
        await SiloRun.RefusedAsync(
            "--labels can be 800 at most, not 801: of 1000 images 200 are the audit sample.",
            ["demo", "--images", "1000", "--labels", "801", "--out", At("none")]);
        Assert.False(Directory.Exists(At("none")));
    }

    [SmallDiskFact]
    public async Task A_data_folder_that_this_user_may_not_write_is_named()
    {
        Directory.CreateDirectory(At("data"));
        Allow(_folder.FullName, Everything & ~UnixFileMode.OtherWrite & ~UnixFileMode.GroupWrite);
        await SiloRun.RefusedAsync("may not write there. Give it the right, or name another folder. See --Data.", Serving(At("data")),
            asNobody: true);
        await SiloRun.RefusedAsync("may not write there", Serving(At("new")), asNobody: true);
    }

    [SmallDiskFact]
    public async Task A_ledger_that_this_user_may_not_write_is_named()
    {
        await using (await SiloProcess.StartAsync(new SiloProcessOptions { Folder = At("data") }))
        {
        }
        var all = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 };
        foreach (var entry in Directory.EnumerateFileSystemEntries(At(""), "*", all).Append(_folder.FullName)) Allow(entry, Everything);
        Allow(At("data/ledger.db"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        await SiloRun.RefusedAsync("may not write it or the files beside it", Serving(At("data")), asNobody: true);
        Allow(At("data/ledger.db.lock"), UnixFileMode.UserRead);
        await SiloRun.RefusedAsync("ledger.db.lock' is denied", Serving(At("data")), asNobody: true);
    }

    [SmallDiskFact]
    public async Task A_disk_that_is_full_or_read_only_is_named()
    {
        using var disk = new SmallDisk(4);
        using (disk.Fill()) await SiloRun.RefusedAsync("its disk is full. Free some space there. See --Data.", Serving(disk.At("data")));
        disk.MakeReadOnly();
        await SiloRun.RefusedAsync("its file system is read-only", Serving(disk.At("data")));
    }

    [Fact]
    public async Task A_data_folder_in_use_is_named_with_who_uses_it()
    {
        await using var other = await SiloProcess.StartAsync(new SiloProcessOptions { Folder = At("data") });
        await SiloRun.RefusedAsync("is in use by another process, whose id stands in",
            [.. Serving(At("data")), "--Cluster:SiloPort", Server.FreePort()]);
    }

    [Theory]
    [InlineData("something else entirely", "it is no SQLite database")]
    [InlineData("SQLite format 3\0broken", "cannot be opened")]
    public async Task A_ledger_that_is_none_is_named(string content, string says)
    {
        Directory.CreateDirectory(At("data"));
        await File.WriteAllTextAsync(At("data/ledger.db"), content.PadRight(8192, 'x'));
        await SiloRun.RefusedAsync(says, Serving(At("data")));
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_is_named_and_never_taken_for_none()
    {
        await File.WriteAllTextAsync(At("empty"), " \n");
        await File.WriteAllTextAsync(At("short"), "secret\n");
        await File.WriteAllTextAsync(At("odd"), "a key with spaces in it\n");
        foreach (var (file, says) in new[] { ("missing", "which is not there"), ("empty", "which is empty"),
            ("short", "16 to 500 characters"), ("odd", "visible ASCII characters"), ("", "which is a folder") })
            await SiloRun.RefusedAsync(says, [.. Serving(At("data")), "--Api:KeyFile", At(file)]);
        await SiloRun.RefusedAsync("both set. Leave one.",
            [.. Serving(At("data")), "--Api:KeyFile", At("short"), "--Api:Key", "0123456789abcdef"]);
    }

    [SmallDiskFact]
    public async Task A_key_that_this_user_may_not_read_is_named()
    {
        Allow(_folder.FullName, Everything);
        await File.WriteAllTextAsync(At("key"), "0123456789abcdef");
        Allow(At("key"), UnixFileMode.UserRead);
        await SiloRun.RefusedAsync("may not read.", [.. Serving(At("data")), "--Api:KeyFile", At("key")], asNobody: true);
    }

    [Theory]
    [InlineData("--Postgres:ConnectionString Host=h", "Postgres and S3 go together")]
    [InlineData("--Postgres:ConnectionString Hots=h --S3:Bucket b", "Postgres:ConnectionString does not hold an Npgsql connection string")]
    [InlineData("--Postgres:ConnectionString Database=d --S3:Bucket b", "Postgres:ConnectionString names no Host")]
    [InlineData("--Postgres:ConnectionStringFile no/such/file --S3:Bucket b",
        "Postgres:ConnectionStringFile names no/such/file, which is not there")]
    [InlineData("--Scoring:Backbones:own:Path no/such.onnx", "no/such.onnx, which is no file")]
    [InlineData("--Scoring:MaxBatch 0", "Scoring:MaxBatch must be 1 to 1024, not 0")]
    [InlineData("--Images:MaxSide 0", "Images:MaxSide must be 1 to 65535, not 0")]
    [InlineData("--Buckets:S:Endpoint http://127.0.0.1:1 --Buckets:S:AccessKey a --Buckets:S:SecretKey b", "Buckets:S is not a name")]
    [InlineData("--Shard:RebalanceAftr 00:00:30", "Is --Shard:RebalanceAfter meant?")]
    public async Task An_option_that_is_not_sound_is_named(string options, string says) =>
        await SiloRun.RefusedAsync(says, [.. Serving(At("data")), .. options.Split(' ')]);

    [Fact]
    public async Task A_database_that_cannot_be_reached_is_named()
    {
        var cluster = ("--S3:Bucket bucket --S3:Endpoint http://127.0.0.1:1 --S3:AccessKey a --S3:SecretKey s --Postgres:ConnectSeconds 1 "
            + "--Postgres:ConnectionString Host=127.0.0.1;Port=1;Database=d;Username=u").Split(' ');
        var (code, output) = await SiloRun.RunAsync([.. Serving(At("data")), .. cluster, .. SiloCertificateFolder.Shared.Options]);
        Assert.Equal(1, code);
        Assert.Contains("The start waits for the ledger on 127.0.0.1:1/d", output, StringComparison.Ordinal);
        Assert.EndsWith("The ledger on 127.0.0.1:1/d cannot be opened: the server cannot be reached.", output.TrimEnd(),
            StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("needs", "s3")]
    [Trait("needs", "postgres")]
    [InlineData("--S3:Endpoint http://127.0.0.1:1", "The S3 server 127.0.0.1:1 cannot be reached", true)]
    [InlineData("--S3:CreateBucket false", "Make it, set S3:Bucket, or let Winnow make it with S3:CreateBucket.", false)]
    [InlineData("--S3:SecretKey not-the-right-one", "set S3:SecretKey or S3:SecretKeyFile", false)]
    [InlineData("--S3:AccessKey nobody-has-this", "set S3:AccessKey or S3:AccessKeyFile", false)]
    public async Task An_object_store_that_cannot_be_reached_or_used_is_named(string options, string says, bool waits)
    {
        var s3 = await S3Server.SharedAsync();
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var (code, output) = await SiloRun.RunAsync(SiloArguments.LastOfEach([
            .. Serving(At("data")), .. SiloCluster.Options(database, s3, S3Server.NewBucket()), "--Cluster:AdvertisedAddress", "127.0.0.1",
            "--Cluster:SiloPort", Server.FreePort(), "--S3:StartTimeout", "00:00:02", "--S3:RetryFor", "00:00:01", .. options.Split(' '),
        ]));
        Assert.True(code == 1, $"exit code {code}:\n{output}");
        // A server that may only be late is waited for, which is said; what only a person can mend ends the start at once.
        Assert.Equal(waits, output.Contains("The start waits for the object store.", StringComparison.Ordinal));
        Assert.Contains(says, output.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-right-one", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("demo --imagse 5", "'--imagse' is no option of the demo. Is '--images' meant?")]
    [InlineData("demo --images", "--images needs a value")]
    [InlineData("demo --images many", "--images must be 1000 to 60000, not 'many'")]
    [InlineData("demo --out FILE", "FILE")]
    [InlineData("demo --out OUT --url http://127.0.0.1:PORT", "port PORT is in use by another program")]
    [InlineData("demmo", "'demmo' is no option")]
    public async Task The_demo_is_told_as_plainly(string arguments, string says)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = $"{((IPEndPoint)other.LocalEndpoint).Port}";
        await File.WriteAllTextAsync(At("file"), "");
        string Fill(string text) => text.Replace("FILE", At("file")).Replace("OUT", At("out")).Replace("PORT", port);
        await SiloRun.RefusedAsync(Fill(says), Fill(arguments).Split(' '));
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private static void Allow(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
    }

    private static string[] Serving(string data) => ["--urls", "http://127.0.0.1:0", "--Data", data];
}
