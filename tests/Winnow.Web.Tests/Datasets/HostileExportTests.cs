using System.Formats.Tar;
using System.Globalization;
using System.Net;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Web.Tests.Datasets;

/// <summary>What a server sends as an export is held to what exports are, and nothing of it is written that is not.</summary>
[Trait("kind", "security")]
public sealed class HostileExportTests : IDisposable
{
    private static readonly ImageId Image = ImageId.Of("bytes"u8);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-hostile-");

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<ExportedVersion> ExportAsync(byte[] sent, string format = "imagenet")
    {
        using var http = new HttpClient(new Sends(sent));
        using var client = new WinnowClient(new WinnowClientOptions { Address = new Uri("http://winnow.test"), RetryAttempts = 0 }, http);
        return await client.WriteExportAsync("pets", 1, format, Path.Combine(_folder.FullName, "out"));
    }

    private async Task<string> RefusedAsync(byte[] sent, string format = "imagenet")
    {
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => ExportAsync(sent, format));
        Assert.Empty(_folder.EnumerateFileSystemInfos());
        return refused.Message;
    }

    private static TarEntry Entry(string name) =>
        new GnuTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("bytes"u8.ToArray()) };

    private static byte[] Tar(params IEnumerable<TarEntry> entries)
    {
        var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Gnu, leaveOpen: true))
            foreach (var entry in entries) tar.WriteEntry(entry);
        return bytes.ToArray();
    }

    [Fact]
    public async Task An_export_of_sound_names_is_written()
    {
        var cut = "long%~0123456789abcdef";
        var written = await ExportAsync(Tar(Entry($"train/cat/{Image}.png"), Entry($"holdout/%2Egit/{Image}.jpg"),
            Entry($"train/{cut}/.winnow-class"), Entry($"train/{cut}/{Image}.bin")));
        Assert.Equal(3, written.Files);
        Assert.Equal("bytes", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "out", "holdout", "%2Egit", $"{Image}.jpg")));
    }

    [Theory]
    [InlineData(".git/hooks/post-checkout")]
    [InlineData("train/.git/{0}.png")]
    [InlineData("train/cat/.git/{0}.png")]
    [InlineData("train/cat/post-checkout")]
    [InlineData("train/cat/{0}.png/x")]
    [InlineData("train/cat/{0}")]
    [InlineData("train/cat/{0}.PNG")]
    [InlineData("train/cat/{0}.png.exe")]
    [InlineData("train/cat/.winnow-class")]
    [InlineData("train/cat\u001B[2J/{0}.png")]
    [InlineData("train/cat\n/{0}.png")]
    [InlineData("train/\u202Etac/{0}.png")]
    [InlineData("train/CON/{0}.png")]
    [InlineData("train/../{0}.png")]
    [InlineData("./train/cat/{0}.png")]
    [InlineData("/train/cat/{0}.png")]
    [InlineData("test/cat/{0}.png")]
    [InlineData("{0}.png")]
    [InlineData("dataset.csv")]
    [InlineData(".winnow-export.jsonl")]
    [InlineData(".winnow-missing-\u001B[31m.jsonl")]
    [InlineData(".winnow-missing-.jsonl")]
    public async Task A_name_that_no_export_writes_is_refused_and_told_as_it_can_be_shown(string pattern)
    {
        var name = string.Format(CultureInfo.InvariantCulture, pattern, Image);
        var told = await RefusedAsync(Tar(Entry($"train/cat/{Image}.png"), Entry(name)));
        Assert.Contains("exports write no file of that name", told, StringComparison.Ordinal);
        Assert.True(ShownText.IsClean(told), told);
        if (ShownText.IsClean(name)) Assert.Contains($"'{name}'", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_comes_twice_is_refused() =>
        Assert.Contains($"holds 'train/cat/{Image}.png' twice",
            await RefusedAsync(Tar(Entry($"train/cat/{Image}.png"), Entry($"train/cat/{Image}.png"))), StringComparison.Ordinal);

    /// <summary>A server that answers every request with these bytes.</summary>
    private sealed class Sends(byte[] bytes) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) });
    }
}
