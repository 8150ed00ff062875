using Winnow.Inference.Backbones;
using Winnow.Inference.Scoring;
using Winnow.Inference.Tests.Images;
using Winnow.Inference.Tests.Scoring;
using Winnow.Inference.Weights.Float16;

namespace Winnow.Inference.Tests.Weights.Float16;

public sealed class Float16BackbonesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("winnow-float16-").FullName;

    private string Cache => Path.Combine(_folder, "cache");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_file_is_made_once_and_runs_as_a_backbone()
    {
        var source = Backbone(TinyModels.ChannelMeans(scale: 0.1f));
        var halves = new Float16Backbones(Cache);
        var half = halves.Convert(source);
        Assert.Equal(half.OnnxPath, Assert.Single(Directory.GetFileSystemEntries(Cache)));
        Assert.StartsWith($"float16-{source.Info.Sha256[..16]}-", Path.GetFileName(half.OnnxPath));
        Assert.Equal(source.Info with { Sha256 = FileHash.Of(half.OnnxPath) }, half.Info);
        var made = File.GetLastWriteTimeUtc(half.OnnxPath);
        Assert.Equal(half, halves.Convert(source));
        Assert.Equal(made, File.GetLastWriteTimeUtc(half.OnnxPath));
        Assert.Equal((float)(Half)0.1f, (await EmbedWhiteAsync(half))[0]);
    }

    [Fact]
    public void Another_source_has_another_file()
    {
        var halves = new Float16Backbones(Cache);
        Assert.NotEqual(halves.Convert(Backbone(TinyModels.ChannelMeans())).OnnxPath,
            halves.Convert(Backbone(TinyModels.ChannelMeans(scale: 2))).OnnxPath);
        Assert.Equal(2, Directory.GetFiles(Cache).Length);
    }

    [Fact]
    public void A_damaged_file_is_made_again()
    {
        var source = Backbone(TinyModels.ChannelMeans());
        var half = new Float16Backbones(Cache).Convert(source);
        File.AppendAllText(half.OnnxPath, "x");
        Assert.Equal(half, new Float16Backbones(Cache).Convert(source));
        Assert.Equal(half.Info.Sha256, FileHash.Of(half.OnnxPath));
    }

    [Fact]
    public async Task Silos_that_convert_at_once_all_end_with_the_same_file()
    {
        var source = Backbone(TinyModels.ChannelMeans());
        using var gate = new Barrier(4);
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            gate.SignalAndWait();
            return new Float16Backbones(Cache).Convert(source);
        })));
        Assert.Single(all.Distinct());
        Assert.Single(Directory.GetFileSystemEntries(Cache));
    }

    [Fact]
    public async Task Where_nothing_can_be_written_it_is_kept_in_memory()
    {
        var source = Backbone(TinyModels.ChannelMeans(scale: 0.1f));
        // A folder below a file cannot be made, whoever asks.
        var half = new Float16Backbones(Path.Combine(source.OnnxPath, "cache")).Convert(source);
        Assert.NotNull(half.Content);
        Assert.Equal((float)(Half)0.1f, (await EmbedWhiteAsync(half))[0]);
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_refusal_names_the_file_and_leaves_nothing()
    {
        var source = Backbone(TinyModels.ChannelMeans());
        File.WriteAllText(source.OnnxPath, "no model");
        Assert.Contains(source.OnnxPath,
            Assert.Throws<WeightsUnavailableException>(() => new Float16Backbones(Cache).Convert(source)).Message);
        Assert.False(Directory.Exists(Cache));
    }

    [Fact]
    public void A_backbone_that_does_not_stand_float16_is_refused_before_it_scores()
    {
        var sound = Backbone(TinyModels.ChannelMeans(scale: 0.1f));
        Assert.InRange(PrecisionCheck.Run(sound, new Float16Backbones(Cache).Convert(sound), Device.Cpu), 1e-6, 1e-3);

        // A weight beyond the range: 65,504 stands in its place.
        var loud = Backbone(TinyModels.ChannelMeans(scale: 1e6f));
        Assert.Contains("off the one in float32", Refused(loud, new Float16Backbones(Cache).Convert(loud)));

        // What a device gives whose activations overflow.
        var half = Backbone(TinyModels.ChannelMeans(scale: float.PositiveInfinity));
        Assert.Contains("off the one in float32", Refused(sound, half));

        // What the conversion overlooked.
        Assert.Contains("ONNX Runtime does not run", Refused(sound, sound with { Content = "no model"u8.ToArray() }));
    }

    private static string Refused(BackboneFile full, BackboneFile half) =>
        Assert.Throws<WeightsUnavailableException>(() => PrecisionCheck.Run(full, half, Device.Cpu)).Message;

    private static async Task<float[]> EmbedWhiteAsync(BackboneFile backbone)
    {
        await using var engine =
            new EmbeddingEngine(backbone, Device.Cpu, new EngineOptions { Workers = 1 }, TestImages.Decoder, TimeProvider.System);
        var lot = await engine.EmbedAsync(1, (_, _) => new(TestImages.Solid(255, 255, 255)));
        return [.. lot.Vectors.Select(v => (float)v)];
    }

    private BackboneFile Backbone(byte[] model)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.onnx");
        File.WriteAllBytes(path, model);
        return BackboneFiles.FromOnnx(path, null, TinyModels.Preprocessing);
    }
}
