using Winnow.Inference.Backbones;
using Winnow.Inference.Weights;

namespace Winnow.Inference.Tests.Weights;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class CacheFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-folder-");

    private static string? None(string variable) => null;

    [Fact]
    public void A_folder_that_was_chosen_counts_before_the_home()
    {
        Assert.Equal("/chosen",
            CacheFolder.Choose(v => v == "WINNOW_CACHE" ? "/chosen" : v == "XDG_CACHE_HOME" ? "/caches" : null, "/home/ann", "/tmp"));
        Assert.Equal("/caches/winnow", CacheFolder.Choose(v => v == "XDG_CACHE_HOME" ? "/caches" : "", "/home/ann", "/tmp"));
        Assert.Equal("/home/ann/.cache/winnow", CacheFolder.Choose(None, "/home/ann", "/tmp"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    public void A_user_without_a_home_gets_a_folder_of_their_own(string home)
    {
        var folder = CacheFolder.Choose(None, home, _folder.FullName);
        Assert.Equal(Path.Combine(_folder.FullName, "winnow-cache"), folder);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        // And the same one the next time.
        File.WriteAllText(Path.Combine(folder, "weights"), "kept");
        Assert.Equal(folder, CacheFolder.Choose(None, home, _folder.FullName));
        Assert.True(File.Exists(Path.Combine(folder, "weights")));
    }

    [Fact]
    public void A_folder_that_others_could_write_into_is_not_trusted()
    {
        var open = _folder.CreateSubdirectory("winnow-cache");
        open.UnixFileMode |= UnixFileMode.OtherWrite;
        var refused = Assert.Throws<WeightsUnavailableException>(() => CacheFolder.Choose(None, "", _folder.FullName)).Message;
        Assert.Contains("is open to others", refused);
        Assert.Contains("Set WINNOW_CACHE", refused);
        open.Delete();
        var elsewhere = _folder.CreateSubdirectory("elsewhere");
        elsewhere.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateSymbolicLink(open.FullName, elsewhere.FullName);
        Assert.Contains("is open to others",
            Assert.Throws<WeightsUnavailableException>(() => CacheFolder.Choose(None, "", _folder.FullName)).Message);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named_with_what_to_do()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");
        var refused = Assert.Throws<WeightsUnavailableException>(() => CacheFolder.Make(Path.Combine(file, "below"))).Message;
        Assert.StartsWith($"Weights cannot be kept in {Path.Combine(file, "below")}: ", refused);
        Assert.EndsWith("Set WINNOW_CACHE to a folder that can be written.", refused);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
