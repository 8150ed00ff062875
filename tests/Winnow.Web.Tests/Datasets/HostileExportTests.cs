using System.Formats.Tar;
using System.Globalization;
using System.Net;
using System.Text;
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

    private static readonly byte[] Whole = Tar(Entry($"train/cat/{Image}.png"), Entry($"train/long%~0123456789abcdef/.winnow-class"));

    [Theory]
    [InlineData(0, "is empty: the server sent nothing")]
    [InlineData(100, "is cut off at its beginning, after 100 bytes: its end is missing")]
    [InlineData(515, "is cut off in or behind 'train/cat/{0}.png', after 515 bytes")]
    [InlineData(600, "is cut off in or behind 'train/cat/{0}.png', after 600 bytes")]
    [InlineData(1024, "is cut off in or behind 'train/cat/{0}.png', after 1024 bytes")]
    [InlineData(1538, "is cut off in or behind 'train/long%~0123456789abcdef/.winnow-class', after 1538 bytes")]
    [InlineData(2048, "is cut off in or behind 'train/long%~0123456789abcdef/.winnow-class', after 2048 bytes")]
    [InlineData(2560, "is cut off in or behind 'train/long%~0123456789abcdef/.winnow-class', after 2560 bytes")]
    public async Task An_archive_that_is_cut_off_anywhere_is_told_with_the_file_at_which(int bytes, string why)
    {
        Assert.Equal(3072, Whole.Length);
        why = string.Format(CultureInfo.InvariantCulture, why, Image);
        AssertSentence(await RefusedAsync(Whole[..bytes]), why);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(512, 1)]
    [InlineData(20 * 512, 0)]
    public async Task What_stands_behind_the_end_is_told(int bytes, byte value)
    {
        var more = new byte[bytes];
        Array.Fill(more, value);
        AssertSentence(await RefusedAsync([.. Whole, .. more, .. new byte[1024]]), "goes on behind its end");
    }

    [Theory]
    [InlineData(0, "is empty")]
    [InlineData(20, "is cut off")]
    public async Task A_table_that_is_cut_off_is_told(int bytes, string why) =>
        AssertSentence(await RefusedAsync("id,name,partition\na,b,pool\n"u8[..bytes].ToArray(), "csv"), why);

    [Fact]
    public async Task A_table_is_written_whole() =>
        Assert.Equal(1, (await ExportAsync("id,name,partition\na,b,pool\n"u8.ToArray(), "csv")).Files);

    [Theory]
    [InlineData(TarEntryType.SymbolicLink, "as a link")]
    [InlineData(TarEntryType.HardLink, "as a link")]
    [InlineData(TarEntryType.Directory, "as a folder")]
    [InlineData(TarEntryType.Fifo, "as a pipe")]
    [InlineData(TarEntryType.CharacterDevice, "as a device")]
    public async Task What_is_no_plain_file_is_refused(TarEntryType type, string why)
    {
        var entry = new GnuTarEntry(type, $"train/cat/{Image}.png");
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink) entry.LinkName = "/etc/passwd";
        AssertSentence(await RefusedAsync(Tar(entry)), $"holds 'train/cat/{Image}.png' {why}");
    }

    [Theory]
    [InlineData('S')]
    [InlineData('M')]
    [InlineData('V')]
    [InlineData('D')]
    [InlineData('Z')]
    [InlineData('7')]
    public async Task A_strange_type_is_refused_in_a_sentence(char type)
    {
        var bytes = Whole.ToArray();
        bytes[156] = (byte)type;
        Seal(bytes);
        AssertSentence(await RefusedAsync(bytes), "The export of version 1 of dataset 'pets' ");
    }

    [Fact]
    public async Task What_is_no_archive_or_a_damaged_one_is_refused_in_a_sentence()
    {
        AssertSentence(await RefusedAsync([.. Enumerable.Repeat("<html>no archive</html>"u8.ToArray(), 100).SelectMany(b => b)]),
            "is no archive, or a damaged one: what comes at its beginning cannot be read");
        var bytes = Whole.ToArray();
        bytes[1024 + 124] = (byte)'z';
        AssertSentence(await RefusedAsync(bytes), $"what comes in or behind 'train/cat/{Image}.png' cannot be read");
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("{\"object\":\"\",\"reason\":\"gone\"}")]
    [InlineData("{\"object\":\"x\\u001B[31m\",\"reason\":\"gone\"}")]
    public async Task A_list_of_missing_images_that_is_none_is_refused(string line)
    {
        var entry = Entry(".winnow-missing-0001.jsonl");
        entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(line + "\n"));
        AssertSentence(await RefusedAsync(Tar(entry)), "holds '.winnow-missing-0001.jsonl', in which line 1 names no missing image");
    }

    private static void AssertSentence(string told, string why)
    {
        Assert.StartsWith("The export of version 1 of dataset 'pets' ", told, StringComparison.Ordinal);
        Assert.Contains(why, told, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was written. Export it again; where that does not help, the server's log has the cause.", told,
            StringComparison.Ordinal);
        Assert.True(ShownText.IsClean(told), told);
    }

    /// <summary>Writes the sum of a header anew.</summary>
    private static void Seal(byte[] tar)
    {
        tar.AsSpan(148, 8).Fill((byte)' ');
        var sum = tar.AsSpan(0, 512).ToArray().Sum(b => b);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(tar, 148);
    }

    /// <summary>A server that answers every request with these bytes.</summary>
    private sealed class Sends(byte[] bytes) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) });
    }
}
