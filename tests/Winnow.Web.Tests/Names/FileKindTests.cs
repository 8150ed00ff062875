using System.Runtime.Versioning;
using System.Text;
using Winnow.Client;
using Winnow.Model.Labels;
using Winnow.Testing;
using Winnow.Web.Tests.Images;

namespace Winnow.Web.Tests.Names;

/// <summary>What is named as a file and is none: nothing takes its place, and nothing is read that has no end.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FileKindTests : IDisposable
{
    /// <summary>Nobody answers there, so what is said is said before anybody is asked.</summary>
    private static readonly Uri Nowhere = new("http://127.0.0.1:9");

    private static readonly LabelSchema Schema = new() { Classes = [new("cat"), new("dog")] };

    private readonly BadFolder _folder = new();

    public FileKindTests()
    {
        _folder.Text("file", "mine");
        _folder.Link("link", _folder.PathOf("file"));
        _folder.Link("lost", _folder.PathOf("nothing"));
        _folder.Link("round", _folder.PathOf("round"));
        _folder.Pipe("pipe");
        _folder.Socket("socket");
        Directory.CreateDirectory(_folder.PathOf("folder"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/dev/full", "is a device")]
    [InlineData("pipe", "is a pipe")]
    [InlineData("socket", "is a socket")]
    [InlineData("folder", "is a folder")]
    [InlineData("link", "is a link")]
    [InlineData("lost", "is a link")]
    [InlineData("round", "is a link")]
    [InlineData("none/file", "There is no folder")]
    public void No_file_is_written_over_what_is_none(string name, string said)
    {
        foreach (var replace in new[] { false, true })
        {
            var refused = Assert.ThrowsAny<IOException>(() => PartialFile.Check(_folder.PathOf(name), replace));
            Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        }
        Assert.ThrowsAny<IOException>(() => PartialFile.Check(_folder.PathOf("file"), replace: false));
        PartialFile.Check(_folder.PathOf("file"), replace: true);
    }

    [Theory]
    [InlineData("is a device", "backup", "pets", "/dev/full", "--replace")]
    [InlineData("is a link", "models", "download", "pets", "--round", "1", "--replace", "--out", "link")]
    [InlineData("is a device", "export", "pets", "--out", "/dev/full")]
    [InlineData("is a pipe", "import", "folder", "--dataset", "pets", "--report", "pipe")]
    [InlineData("is a device", "import", "folder", "--dataset", "pets", "--report", "/dev/full")]
    public async Task Commands_refuse_it_before_the_server_is_asked(string said, params string[] line)
    {
        line = [.. line.Select(word => word is "link" or "pipe" or "folder" ? _folder.PathOf(word) : word)];
        var refused = await CliProcess.RunAsync(Nowhere, [], [.. line, "--retries", "0"]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(said, refused.Errors, StringComparison.Ordinal);
        Assert.Equal(1, refused.Errors.Count(c => c == '\n'));
        Assert.Equal("mine", await File.ReadAllTextAsync(_folder.PathOf("link")));
    }

    [Fact]
    public async Task Labels_come_from_files_and_from_pipes_that_end()
    {
        async Task<string> RefusedAsync(string path) =>
            (await Assert.ThrowsAsync<InvalidDataException>(() => LabelFile.ReadAsync(path, Schema))).Message;
        // Whoever opens a pipe waits for whoever opens its other end.
        Task WriteAsync() => Task.Run(() => File.WriteAllText(_folder.PathOf("pipe"), "a.png,cat\nb.png,dog\n"));
        Assert.Equal("/dev/zero is no label file. It is a device, not a file. Name a file, or a pipe that ends.",
            await RefusedAsync("/dev/zero"));
        Assert.Contains("It is a socket", await RefusedAsync(_folder.PathOf("socket")), StringComparison.Ordinal);
        _folder.Sparse("large", (1L << 30) + 1);
        Assert.Contains("has more than 1024 MiB", await RefusedAsync(_folder.PathOf("large")), StringComparison.Ordinal);

        var written = WriteAsync();
        Assert.Equal(2, (await LabelFile.ReadAsync(_folder.PathOf("pipe"), Schema)).Rows);
        await written;
        written = WriteAsync();
        var refused = await Assert.ThrowsAsync<InvalidDataException>(
            () => NamedFile.ReadAsync(_folder.PathOf("pipe"), "label file", 10, CancellationToken.None));
        Assert.Contains("has more than 10 bytes", refused.Message, StringComparison.Ordinal);
        await written;
    }

    public static TheoryData<byte[]> Empty => [[], Encoding.UTF8.Preamble.ToArray(), [0xFF, 0xFE], [0xFE, 0xFF], [0xFF, 0xFE, 0, 0]];

    [Theory, MemberData(nameof(Empty))]
    public void A_label_file_with_a_mark_alone_is_empty(byte[] content)
    {
        var refused = Assert.Throws<InvalidDataException>(() => LabelFile.Parse(content, "labels.csv", Schema));
        Assert.StartsWith("labels.csv is empty", refused.Message, StringComparison.Ordinal);
    }
}
