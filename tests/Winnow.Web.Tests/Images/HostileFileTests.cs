using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Hashing;
using SkiaSharp;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images;

/// <summary>
/// Eight files that are not what a careless program expects: each taken in or put aside with a reason, none lost, the server alive.
/// </summary>
[Trait("kind", "security")]
public sealed class HostileFileTests(Server server) : IClassFixture<Server>
{
    [Fact]
    public async Task Each_is_taken_in_or_put_aside_with_a_reason()
    {
        var whole = DrawnImages.Draw(1);
        var files = new Dictionary<string, byte[]>
        {
            ["truncated.png"] = whole[..(whole.Length / 2)],
            ["empty.png"] = [],
            ["huge.png"] = HugePng(60_000, 60_000),
            ["wrong-extension.jpg"] = DrawnImages.Draw(2),
            ["animated.gif"] = Fixture("animated.gif"),
            ["cmyk.jpg"] = Fixture("cmyk.jpg"),
            ["sixteen-bit.png"] = SixteenBit(),
            ["page.jpg"] = "<!DOCTYPE html><html><body>Not found</body></html>"u8.ToArray(),
        };
        await server.Client.CreateDatasetAsync(new CreateDataset("hostile", new LabelSchema { Classes = [new("a"), new("b")] }));
        var before = Process.GetCurrentProcess().WorkingSet64;
        var results = new List<IngestResult>();
        await foreach (var result in server.Client.ImportAsync("hostile", Images(files))) results.Add(result);
        var status = await server.Client.WaitForScoringAsync("hostile");
        using var process = Process.GetCurrentProcess();

        Assert.Equal(files.Keys, results.Select(r => r.Name));
        Assert.All(results, r =>
            Assert.True(r.Status == IngestStatus.Accepted || r.Reason is { Length: > 10 }, $"{r.Name}: {r.Status} without a reason"));
        Assert.Equal(files.Count, status.Images);
        Assert.Equal(files.Count, status.Stages[Stage.Scored] + status.Stages[Stage.Quarantined]);
        var stages = new Dictionary<string, ImageSummary>();
        await foreach (var image in server.Client.ListImagesAsync("hostile")) stages[image.Name] = image;
        foreach (var usable in new[] { "wrong-extension.jpg", "animated.gif", "cmyk.jpg", "sixteen-bit.png" })
            Assert.Equal(Stage.Scored, stages[usable].Stage);
        foreach (var bad in new[] { "truncated.png", "empty.png", "huge.png", "page.jpg" })
        {
            Assert.Equal(Stage.Quarantined, stages[bad].Stage);
            Assert.False(string.IsNullOrWhiteSpace(stages[bad].Reason));
            // Put aside, not thrown away: the bytes are what was sent.
            Assert.Equal(files[bad], await server.Client.GetImageContentAsync("hostile", stages[bad].Id));
        }
        // The header alone claims 14 GB of pixels.
        Assert.True(process.WorkingSet64 - before < 512L << 20, $"{(process.WorkingSet64 - before) >> 20} MiB more than before");
    }

    [Fact]
    public async Task One_bad_file_does_not_fail_its_lot_and_a_copy_is_a_duplicate()
    {
        await server.Client.CreateDatasetAsync(new CreateDataset("lot", new LabelSchema { Classes = [new("a"), new("b")] }));
        byte[][] lot = [DrawnImages.Draw(1), [1, 2, 3], DrawnImages.Draw(2), DrawnImages.Draw(1)];
        var results = new List<IngestResult>();
        await foreach (var result in server.Client.ImportAsync("lot",
            Images(lot.Select((b, i) => ($"{i}.png", b)).ToDictionary(p => p.Item1, p => p.b)))) results.Add(result);
        Assert.Equal([IngestStatus.Accepted, IngestStatus.Quarantined, IngestStatus.Accepted, IngestStatus.Duplicate],
            results.Select(r => r.Status));
    }

    private static async IAsyncEnumerable<ImageToImport> Images(Dictionary<string, byte[]> files)
    {
        foreach (var (name, bytes) in files) yield return new ImageToImport(name, _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes));
        await Task.CompletedTask;
    }

    private static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name));

    private static byte[] SixteenBit()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(20, 20, SKColorType.Rgba16161616, SKAlphaType.Unpremul));
        using (var canvas = new SKCanvas(bitmap)) canvas.Clear(SKColors.SeaGreen);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static byte[] HugePng(int width, int height)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 6);
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, [0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1]),
            .. Chunk("IEND"u8, [])];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] body = [.. type, .. data];
        var length = new byte[4];
        var crc = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(crc, Crc32.HashToUInt32(body));
        return [.. length, .. body, .. crc];
    }
}
