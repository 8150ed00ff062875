using System.Text;
using System.Text.Json;
using Winnow.Cli.Lines;
using Winnow.Cli.Prelabels;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Prelabels;
using Winnow.Testing;
using Winnow.Web.Tests.Images;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Prelabels;

/// <summary>Files of prelabels as programs write them: what is sound is taken, and every other line is named in words of people.</summary>
public sealed class PrelabelFileTests(Server server) : IClassFixture<Server>
{
    private const string Rest = """
        "source":"yolo","madeAt":"2026-03-01T12:00:00Z","annotations":
        """;

    private static readonly DateTimeOffset Made = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static string Tag => $$"""[{"type":"class","class":"{{DrawnImages.Classes[0]}}"}]""";

    private static string BoxAt(string x) =>
        $$$"""[{"type":"box","class":"{{{DrawnImages.Classes[0]}}}","box":{"x":{{{x}}},"y":0,"width":3,"height":3}}]""";

    private async Task<(string Dataset, ImageId Image)> DatasetAsync()
    {
        var dataset = await server.Client.DatasetAsync(1, LearningServer.Small);
        var image = (await server.Client.ListImagesAsync(dataset).ToListAsync())[0].Id;
        // A moment after the start the cluster takes them.
        var why = "";
        await Until.TrueAsync(async () =>
        {
            try
            {
                ImagePrelabel first = new(image, "first", [new ClassTag(DrawnImages.Classes[0])], Made);
                var result = await server.Client.AddPrelabelsAsync(dataset, [first]);
                why = string.Join(' ', result.Refused.Select(r => r.Reason));
                return result.Taken == 1;
            }
            catch (WinnowApiException early) when (early.Message.Contains("does not take this yet", StringComparison.Ordinal))
            {
                return false;
            }
        }, LearningServer.Patience, () => $"the level is raised. {why}");
        return (dataset, image);
    }

    [Fact]
    public async Task A_line_that_cannot_be_taken_costs_no_other_and_is_told_in_a_sentence()
    {
        var (dataset, image) = await DatasetAsync();
        using var folder = new BadFolder();
        var (file, start) = (folder.PathOf("prelabels.jsonl"), $$"""{"image":"{{image}}",{{Rest}}""");
        (string Line, string? Said)[] lines =
        [
            ($$"""{{start}}{{Tag}}}""", null),
            ("", null),
            ($$"""{{start}}{{Tag}},"confidence":1e400}""", "The prelabel is wrong at $.confidence: it is too large for a number."),
            ($$"""{{start}}{{BoxAt("1e400")}}}""", "The prelabel is wrong at $.annotations[0].box.x: it is too large for a number."),
            ($$"""{{start}}null}""", "The prelabel is wrong at $"),
            ($$"""{"image":"{{image}}","source":"yolo"}""", "it must have image, source, annotations, madeAt."),
            ($$"""{{start}}{{Tag}}}""".Replace("\"image\"", "\"Image\"", StringComparison.Ordinal),
                "nothing is known by the name 'Image'. Is 'image' meant?"),
            ($$"""{{start}}{{Tag}},"version":"caf\u00E9"}""", "The line is not UTF-8. Write the file anew in UTF-8."),
            ($$"""{{start}}{{Tag}}""", "The prelabel is no JSON at $"),
            ("null", "it must be an object with image, source, annotations, madeAt, not null."),
            ($$"""{{start}}[{"class":"disc"}]}""", "The prelabel is wrong at $.annotations[0]: it must be an object whose 'type' is"),
            ($$"""{{start}}{{Tag}},"version":"{{new string('v', 2 << 20)}}"}""", "The line has more than 1024 KiB"),
            ($$"""{{start}}{{Tag}},"version":"a\nb"}""", "The prelabel is wrong at $.version: it has characters that cannot be shown"),
            ($$"""{{start}}{{Tag}},"version":"last"}""", null),
        ];
        var text = string.Join('\n', lines.Select(l => l.Line)).Replace(@"caf\u00E9", "caf\u00E9", StringComparison.Ordinal);
        await File.WriteAllBytesAsync(file, Encoding.Latin1.GetBytes(text));
        var done = await CliProcess.RunAsync(server.Address, [], "prelabels", "import", file, "--dataset", dataset);
        Assert.True(done.ExitCode == 3, done.Output);
        Assert.Contains("2 prelabels taken, 11 left out.", done.Output, StringComparison.Ordinal);
        var told = done.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(11, told.Length);
        var at = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Said is not { } said) continue;
            Assert.StartsWith($"{file}, line {i + 1}: ", told[at], StringComparison.Ordinal);
            Assert.Contains(said, told[at++], StringComparison.Ordinal);
        }
        Assert.DoesNotContain("Winnow.", done.Errors, StringComparison.Ordinal);
        Assert.Contains((await server.Client.GetImageAsync(dataset, image)).Prelabels, p => p.Version == "last");
    }

    [Fact]
    public async Task A_line_may_call_its_image_by_name_and_one_that_means_none_or_several_is_told()
    {
        var (dataset, _) = await DatasetAsync();
        using var folder = new BadFolder();
        var (one, other) = (folder.PathOf("one"), folder.PathOf("other"));
        foreach (var (root, first) in new[] { (one, 100), (other, 110) })
        {
            Directory.CreateDirectory(Path.Combine(root, "a"));
            await File.WriteAllBytesAsync(Path.Combine(root, "a", "twice.png"), DrawnImages.Draw(first));
        }
        await File.WriteAllBytesAsync(Path.Combine(one, "a", "caf\u00E9.png"), DrawnImages.Draw(120));
        foreach (var root in new[] { one, other })
            Assert.Equal(0, (await CliProcess.RunAsync(server.Address, [], "import", root, "--dataset", dataset)).ExitCode);
        var named = (await server.Client.ListImagesAsync(dataset).ToListAsync()).Single(i => i.Name == "a/caf\u00E9.png").Id;

        var file = folder.PathOf("named.jsonl");
        string Line(string name) => $$"""{ "name": "{{name}}", {{Rest}}{{Tag}}}""";
        await File.WriteAllLinesAsync(file,
        [
            Line("a/caf\u00E9.png"), Line("a/nowhere.png"), Line("a/twice.png"), Line("./a\\\\cafe\u0301.png"),
            Line("a/caf\u00E9.png").Replace("\"name\"", $"\"image\": \"{named}\", \"name\"", StringComparison.Ordinal),
            $$"""{"name": 7, {{Rest}}{{Tag}}}""",
        ]);
        var done = await CliProcess.RunAsync(server.Address, [], "prelabels", "import", file, "--dataset", dataset);
        Assert.True(done.ExitCode == 3, done.Output);
        Assert.Contains("2 prelabels taken, 4 left out.", done.Output, StringComparison.Ordinal);
        string[] said =
        [
            $"line 2: 'a/nowhere.png' names no image of {dataset}. A name is the image's path below the folder that was imported.",
            "line 3: 'a/twice.png' names 2 images of different content, such as img-",
            "line 5: The prelabel is wrong at $",
            "line 6: The prelabel is wrong at $",
        ];
        var told = done.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(said.Length, told.Length);
        for (var i = 0; i < said.Length; i++) Assert.Contains(said[i], told[i], StringComparison.Ordinal);
        Assert.All(told[2..], t => Assert.Contains("nothing is known by the name 'name'", t, StringComparison.Ordinal));
        Assert.Single((await server.Client.GetImageAsync(dataset, named)).Prelabels, p => p.Source == "yolo");
        var again = await CliProcess.RunAsync(server.Address, [], "prelabels", "import", file, "--dataset", dataset);
        Assert.Contains("2 prelabels taken, 4 left out.", again.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("''", "is empty: a file of prelabels has one on each line")]
    [InlineData(@"'\xef\xbb\xbf'", "is empty")]
    [InlineData(@"'\xff\xfe'", "is empty")]
    [InlineData(@"' \r\n\n'", "is empty")]
    public async Task A_file_without_a_line_is_said_to_be_empty(string content, string said)
    {
        var dataset = await server.Client.DatasetAsync(1, LearningServer.Small);
        string[] shell = ["bash", "-c", $"exec \"$0\" \"$@\" <(printf {content})"];
        var refused = await CliProcess.RunAsync(server.Address, shell, "prelabels", "import", "--dataset", dataset);
        Assert.True(refused.ExitCode == 1, refused.Output);
        Assert.Contains(said, refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_is_not_read()
    {
        var refused = await CliProcess.RunAsync(server.Address, [], "prelabels", "import", "/dev/zero", "--dataset", "pets");
        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith("/dev/zero is no file of prelabels. It is a device", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_end_as_any_system_ends_them_and_come_in_any_pieces()
    {
        static async Task<string> ReadAsync(byte[] text, int most = 100)
        {
            var lines = await TextLines.ReadAsync(new MemoryStream(text), most, default).ToListAsync();
            Assert.Equal(Enumerable.Range(1, lines.Count), lines.Select(l => (int)l.Number));
            return string.Join('|', lines.Select(l => l.Bytes is { } held ? Encoding.UTF8.GetString(held) : "-"));
        }
        Assert.Equal("a|b||c|d", await ReadAsync("a\r\nb\n\nc\rd"u8.ToArray()));
        Assert.Equal("a|-|b", await ReadAsync("a\n123456\nb\n"u8.ToArray(), 5));
        foreach (var wide in new[] { Encoding.Unicode, Encoding.BigEndianUnicode })
            Assert.Equal("\u00E4|b\U0001F600", await ReadAsync([.. wide.GetPreamble(), .. wide.GetBytes("\u00E4\r\nb\U0001F600\n")]));
        Assert.Equal("ab|\0", await ReadAsync([0xFF, 0xFE, .. Encoding.Unicode.GetBytes("ab\n"), 0x00, 0xD8]));
        // The end of a line falls between two pieces.
        foreach (var before in new[] { (1 << 16) - 2, (1 << 16) - 1, 1 << 16 })
            Assert.Equal("-|b", await ReadAsync([.. new byte[before], .. "\r\nb"u8]));
    }

    [Fact]
    public void A_sound_line_is_read_as_the_model_writes_it()
    {
        var sound = new ImagePrelabel(ImageId.Of("x"u8), "yolo", [new ClassTag("cat") { Confidence = 0.5 }], Made);
        var json = JsonSerializer.SerializeToUtf8Bytes(sound, ModelJson.Default.ImagePrelabel);
        var read = PrelabelLines.Read(new TextLine(1, json), out var wrong);
        Assert.Equal("", wrong);
        Assert.Equal(json, JsonSerializer.SerializeToUtf8Bytes(read!, ModelJson.Default.ImagePrelabel));
    }
}
