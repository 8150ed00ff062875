using CsCheck;
using Winnow.Client;

namespace Winnow.Web.Tests.Images;

/// <summary>A walk through a folder: each file once, in order, and whatever cannot be read with its reason.</summary>
public sealed class FolderTests
{
    private static readonly ImageFolderOptions Plain = new();
    private static readonly ImageFolderOptions Following = new() { FollowFolderLinks = true };

    private static async Task<Dictionary<string, string>> ReadAsync(BadFolder folder, ImageFolderOptions? options = null,
        ImageFolderReport? report = null)
    {
        var read = new Dictionary<string, string>();
        await foreach (var image in ImageFolder.EnumerateAsync(folder.Root, options ?? Plain, report))
        {
            try
            {
                var bytes = await image.Read(CancellationToken.None);
                Assert.Equal(bytes.Length, image.Size);
                read.Add(image.Name, $"{bytes.Length} bytes");
            }
            catch (IOException e)
            {
                read.Add(image.Name, e.Message);
            }
        }
        return read;
    }

    private static void AssertSays(string expected, Dictionary<string, string> read, string name) =>
        Assert.Contains(expected, read[name], StringComparison.Ordinal);

    [Fact]
    public async Task What_is_no_file_is_told_and_never_opened()
    {
        using var folder = new BadFolder();
        folder.Image("a/1.png");
        folder.Pipe("a/2.png");
        folder.Socket("a/3.png");
        folder.Link("a/4.png", "/dev/zero");
        folder.Link("a/5.png", "2.png");
        folder.Sparse("a/6.png", 0);
        folder.Image("b/1.png");
        var read = await ReadAsync(folder);
        Assert.Equal(["a/1.png", "a/2.png", "a/3.png", "a/4.png", "a/5.png", "a/6.png", "b/1.png"], read.Keys);
        AssertSays("It is a pipe", read, "a/2.png");
        AssertSays("It is a socket", read, "a/3.png");
        AssertSays("a link to a device", read, "a/4.png");
        AssertSays("a link to a pipe", read, "a/5.png");
        AssertSays("0 bytes", read, "a/6.png");
        AssertSays(" bytes", read, "b/1.png");
    }

    [Fact]
    public async Task Links_to_files_are_followed_and_counted_and_broken_ones_are_told()
    {
        using var folder = new BadFolder();
        folder.Image("real/1.png");
        folder.Link("real/2.png", folder.OutsideImage("store/ab12"));
        folder.Link("real/3.png", "2.png");
        folder.Link("real/4.png", "nowhere/5.png");
        folder.Link("real/5.png", "6.png");
        folder.Link("real/6.png", "5.png");
        var report = new ImageFolderReport();
        var read = await ReadAsync(folder, report: report);
        Assert.Equal(6, read.Count);
        Assert.Equal(2, report.FileLinks);
        AssertSays(" bytes", read, "real/2.png");
        Assert.Equal(read["real/2.png"], read["real/3.png"]);
        AssertSays("a link to nowhere/5.png, which is not there", read, "real/4.png");
        AssertSays("leads back to itself", read, "real/5.png");
        AssertSays("leads back to itself", read, "real/6.png");
    }

    [Fact]
    public async Task Links_to_folders_are_told_and_followed_where_asked()
    {
        using var folder = new BadFolder();
        folder.Image("cat/1.png");
        folder.Image(".hidden/1.png");
        folder.OutsideImage("dogs/1.png");
        folder.Link("dog", Path.Combine(folder.Outside, "dogs"));
        folder.Link("again", "cat");
        folder.Link("cat/up", "..");
        folder.Link("out", Path.GetDirectoryName(folder.Root)!);
        folder.Link("unseen", ".hidden");
        var report = new ImageFolderReport();
        var read = await ReadAsync(folder, report: report);
        Assert.Equal(["cat/1.png", "dog/", "out/", "unseen/"], read.Keys);
        AssertSays("outside of the one that is read", read, "dog/");
        AssertSays("which holds the one that is read", read, "out/");
        AssertSays("outside of the one that is read", read, "unseen/");
        Assert.Equal((0, 2, 1), (report.FolderLinks, report.NeedlessLinks, report.Hidden));
        Assert.Equal([".hidden/"], report.HiddenSamples);

        report = new ImageFolderReport();
        read = await ReadAsync(folder, Following, report);
        Assert.Equal(["again/1.png", "cat/1.png", "dog/1.png", "out/", "unseen/1.png"], read.Keys);
        AssertSays("which holds the one that is read", read, "out/");
    }

    [Fact]
    public async Task Folders_that_all_link_to_each_other_are_walked_to_an_end()
    {
        const int Folders = 12;
        using var folder = new BadFolder();
        for (var i = 0; i < Folders; i++) folder.Image($"{i:D2}/image.png");
        for (var i = 0; i < Folders; i++)
            for (var k = 0; k < Folders; k++) folder.Link($"{i:D2}/to{k:D2}", $"../{k:D2}");
        var read = await ReadAsync(folder, Following);
        // By its own path and through one link at the most: not once for each of twelve factorial ways.
        Assert.InRange(read.Count, Folders, 2 * Folders);
        Assert.Equal(Folders, (await ReadAsync(folder)).Count);
    }

    [Fact]
    public async Task Names_that_are_not_utf8_are_told_and_those_beside_them_are_read()
    {
        using var folder = new BadFolder();
        folder.Image("a/1.png");
        folder.Latin1("cp a/1.png $'a/caf\\xe9.png' && mkdir $'a/d\\xe9j\\xe0' && cp a/1.png $'a/d\\xe9j\\xe0/2.png'");
        folder.Image("a/é\uFFFD.png");
        folder.Image("z/3.png");
        var read = await ReadAsync(folder);
        Assert.Equal(5, read.Count);
        AssertSays("is not UTF-8", read, "a/caf\uFFFD.png");
        AssertSays("is not UTF-8", read, "a/d\uFFFDj\uFFFD/");
        // A name may hold the very character that stands for what is no UTF-8.
        AssertSays(" bytes", read, "a/é\uFFFD.png");
        AssertSays(" bytes", read, "z/3.png");
    }

    [Fact]
    public async Task A_file_that_vanishes_or_grows_between_is_told()
    {
        using var folder = new BadFolder();
        var paths = new[] { folder.Image("1.png"), folder.Image("2.png"), folder.Image("3.png"), folder.PathOf("4.png") };
        folder.Sparse("4.png", 0);
        var images = new List<ImageToImport>();
        await foreach (var image in ImageFolder.EnumerateAsync(folder.Root)) images.Add(image);
        File.Delete(paths[0]);
        File.Delete(paths[1]);
        folder.Pipe("2.png");
        await File.WriteAllTextAsync(paths[2], "");
        await File.AppendAllTextAsync(paths[3], "no longer empty");
        async Task<string> ReasonAsync(int i) =>
            (await Assert.ThrowsAsync<IOException>(async () => await images[i].Read(CancellationToken.None))).Message;
        Assert.Contains("gone", await ReasonAsync(0), StringComparison.Ordinal);
        Assert.Contains("a pipe", await ReasonAsync(1), StringComparison.Ordinal);
        Assert.Contains("changed while it was read", await ReasonAsync(2), StringComparison.Ordinal);
        Assert.Equal("no longer empty"u8.ToArray(), (await images[3].Read(CancellationToken.None)).ToArray());
    }

    [Fact]
    public async Task A_file_that_is_written_to_while_it_is_read_is_not_taken_for_an_image()
    {
        using var folder = new BadFolder();
        folder.Sparse("growing.png", 32 << 20);
        using var enough = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var writing = Task.Run(async () =>
        {
            await using var file =
                new FileStream(folder.PathOf("growing.png"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            while (!enough.IsCancellationRequested)
            {
                file.WriteByte(1);
                started.TrySetResult();
            }
        });
        await started.Task;
        var image = await ImageFolder.EnumerateAsync(folder.Root).FirstAsync();
        var problem = await Assert.ThrowsAsync<IOException>(async () => await image.Read(CancellationToken.None));
        await enough.CancelAsync();
        await writing;
        Assert.Contains("changed while it was read", problem.Message, StringComparison.Ordinal);
        // Left in peace it is read.
        Assert.Equal(new FileInfo(folder.PathOf("growing.png")).Length,
            (await (await ImageFolder.EnumerateAsync(folder.Root).FirstAsync()).Read(CancellationToken.None)).Length);
    }

    [Fact]
    public async Task A_folder_that_is_a_file_or_is_not_there_is_refused_in_a_sentence()
    {
        using var folder = new BadFolder();
        var file = folder.Image("1.png");
        folder.Link("broken", "nowhere");
        async Task<string> ReasonAsync(string path) =>
            (await Assert.ThrowsAsync<DirectoryNotFoundException>(async () => await ImageFolder.EnumerateAsync(path).FirstAsync())).Message;
        Assert.Contains("is a file", await ReasonAsync(file), StringComparison.Ordinal);
        Assert.Contains("There is no folder", await ReasonAsync(folder.PathOf("none")), StringComparison.Ordinal);
        Assert.Contains("There is no folder", await ReasonAsync(folder.PathOf("broken")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_walk_goes_in_the_order_of_paths_and_leaves_nothing_out() =>
        Gen.OneOfConst("a", "b", "a.b", "a-b", "a b", "é", "Z", "0", "a0", "~").Array[1, 4].Array[0, 25].Sample(paths =>
        {
            using var folder = new BadFolder();
            foreach (var path in paths)
            {
                var file = folder.PathOf(string.Join('/', path) + ".png");
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                if (!Directory.Exists(file)) File.WriteAllText(file, "x");
            }
            string[] expected =
            [
                .. Directory.EnumerateFiles(folder.Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                    .Select(p => Path.GetRelativePath(folder.Root, p)),
            ];
            Assert.Equal(expected, ImageFolder.EnumerateAsync(folder.Root).ToBlockingEnumerable().Select(i => i.Name));
        }, iter: 40);
}
