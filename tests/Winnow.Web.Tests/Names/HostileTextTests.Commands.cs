using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Web.Tests.Names;

/// <summary>What commands, tables and files show of it.</summary>
public sealed partial class HostileTextTests
{
    [Theory, MemberData(nameof(HostileTexts.Kinds), MemberType = typeof(HostileTexts))]
    public async Task Arguments_are_quoted_clean_in_what_commands_complain_of(string kind)
    {
        // The system takes no zero in an argument.
        var text = HostileTexts.All[kind].Replace("\0", "", StringComparison.Ordinal);
        string[][] commands = [[text], ["datasets", "show", text], ["access", "list", text, text], ["list", "none", "--stage", text]];
        foreach (var command in kind is "colour" or "line" or "override" ? commands : commands[..1])
        {
            var result = await CliProcess.RunAsync(server.Address, [], command);
            Assert.NotEqual(0, result.ExitCode);
            Assert.Null(HostileTexts.Obeyed(result.Output, lines: true));
        }
    }

    [Fact]
    public async Task A_table_of_hostile_names_has_a_line_for_each_and_no_formula()
    {
        string[] formulas = ["=cmd|' /C calc'!A0", "@SUM(1+1)", "+1", "-1", " =1+1", "\t=1", "\uFF1D1"];
        var dataset = await DatasetAsync("=HYPERLINK(\"http://evil.example\")", "dog");
        string[] names = [.. HostileTexts.All.Values, .. formulas];
        IngestResult last = null!;
        await foreach (var result in server.Client.ImportAsync(dataset, Images(names))) last = result;
        var label = new SubmitDecision(last.Id!.Value, Guid.NewGuid(),
            new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("=HYPERLINK(\"http://evil.example\")")] },
            ExpectedVersion: 0);
        await server.Client.SubmitAsync(dataset, [label]);
        var version = await server.Client.CreateVersionAsync(dataset, new CreateVersion("table"));
        var table = await Http.GetStringAsync(
            new Uri($"/api/v1/datasets/{dataset}/versions/{version.Number}/export?format=csv", UriKind.Relative));
        Assert.Null(HostileTexts.Obeyed(table.Replace("\r\n", "\n", StringComparison.Ordinal), lines: true));
        var rows = table.TrimEnd().Split('\n')[1..];
        Assert.Equal(names.Length, rows.Length);
        var cells = rows.SelectMany(r => r.Split(',')).Select(c => c.Trim('"', '\r', ' ')).ToList();
        Assert.DoesNotContain(cells, c => c.Length > 0 && c[0] is '=' or '+' or '-' or '@' or '\uFF1D');
        // A blank or a tab in front is written as its code, and so those two are none any more.
        Assert.Equal(formulas.Length - 2, cells.Count(c => c.StartsWith('\'') && !c.Contains("HYPERLINK", StringComparison.Ordinal)));
        Assert.Contains(cells, c => c.StartsWith("'=HYPERLINK", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("filename=\"say \\\"hi\\\".png\"", "say \"hi\".png")]
    [InlineData("filename=\"a\\\\b.png\"", "a/b.png")]
    [InlineData("filename=\"C:\\pictures\\cat.png\"", "C:/pictures/cat.png")]
    [InlineData("filename=katze-\u00FC\u6F22.png", "katze-\u00FC\u6F22.png")]
    [InlineData("filename=\"semi;colon \u00FC.png\"", "semi;colon \u00FC.png")]
    [InlineData("filename=plain.png", "plain.png")]
    [InlineData("filename=/plain.png", "%2Fplain.png")]
    [InlineData("filename=\"a//plain.png\"", "a/%2Fplain.png")]
    [InlineData("filename=\"x.png\"; filename*=UTF-8''%c3%bc.png", "\u00FC.png")]
    [InlineData("filename=\u00FC\"quote.png", "\u00FC\"quote.png")]
    public async Task Parts_are_called_as_whoever_sent_them_wrote(string written, string name)
    {
        var dataset = await DatasetAsync("cat", "dog");
        using var body = new MemoryStream();
        body.Write(Encoding.UTF8.GetBytes($"--x\r\nContent-Disposition: form-data; name=\"image\"; {written}\r\n\r\n"));
        body.Write(DrawnImages.Draw(0));
        body.Write("\r\n--x--\r\n"u8);
        using var content = new ByteArrayContent(body.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        using var answer = await Http.PostAsync(new Uri($"/api/v1/datasets/{dataset}/images", UriKind.Relative), content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await foreach (var image in server.Client.ListImagesAsync(dataset)) Assert.Equal(name, image.Name);
        Assert.Equal(1, (await server.Client.GetStatusAsync(dataset)).Images);
    }

    [Fact]
    public async Task A_file_name_that_is_not_UTF8_is_told_and_two_images_never_bear_one_name()
    {
        var dataset = await DatasetAsync("cat", "dog");
        byte[][] names =
        [
            [.. "filename=\""u8, 0xff, 0xfe, .. ".png\""u8], [.. "filename=\""u8, 0xfd, 0xfc, .. ".png\""u8], [.. "filename=caf"u8, 0xe9],
            [.. "filename*=UTF-8''%FF%FE.png"u8], [.. "filename=\"sound.png\""u8],
        ];
        async Task<IReadOnlyList<IngestResult>> SendAsync(string manifest)
        {
            using var body = new MemoryStream();
            body.Write(Encoding.UTF8.GetBytes(manifest));
            foreach (var (i, name) in names.Index())
            {
                body.Write([.. "--x\r\nContent-Disposition: form-data; name=\"image\"; "u8, .. name, .. "\r\n\r\n"u8]);
                body.Write([.. DrawnImages.Draw(i), .. "\r\n"u8]);
            }
            body.Write("--x--\r\n"u8);
            using var content = new ByteArrayContent(body.ToArray());
            content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
            using var answer = await Http.PostAsync(new Uri($"/api/v1/datasets/{dataset}/images", UriKind.Relative), content);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, text);
            return JsonSerializer.Deserialize(text, ModelJson.Default.IngestResultArray)!;
        }

        var results = await SendAsync("");
        Assert.Equal([.. Enumerable.Repeat(IngestStatus.LeftOut, 4), IngestStatus.Accepted], results.Select(r => r.Status));
        Assert.All(results.Take(4), r => Assert.StartsWith("The name of its file is not UTF-8", r.Reason, StringComparison.Ordinal));
        Assert.Equal(1, (await server.Client.GetStatusAsync(dataset)).Images);
        // What a manifest names is called as that says.
        var listed = string.Join(',', names.Select((_, i) => $"{{\"name\":\"{i}.png\"}}"));
        results = await SendAsync($"--x\r\nContent-Disposition: form-data; name=\"manifest\"\r\n\r\n[{listed}]\r\n");
        Assert.Equal([.. Enumerable.Repeat(IngestStatus.Accepted, 4), IngestStatus.Duplicate], results.Select(r => r.Status));
    }

    [Fact]
    public async Task A_report_takes_the_place_of_an_earlier_one_and_of_nothing_else()
    {
        var dataset = await DatasetAsync("cat", "dog");
        var folder = Directory.CreateTempSubdirectory("winnow-report-");
        try
        {
            var images = folder.CreateSubdirectory("images");
            await File.WriteAllTextAsync(Path.Combine(images.FullName, "none.png"), "no image");
            var report = Path.Combine(folder.FullName, "report");
            Task<CliResult> ImportAsync() => CliProcess.RunAsync(
                server.Address, [], "import", images.FullName, "--dataset", dataset, "--report", report);
            foreach (var before in new string?[] { null, "", null })
            {
                if (before is not null) await File.WriteAllTextAsync(report, before);
                var done = await ImportAsync();
                Assert.Equal(3, done.ExitCode);
                Assert.Contains("none.png", await File.ReadAllTextAsync(report), StringComparison.Ordinal);
            }
            await File.WriteAllTextAsync(report, "my notes\n");
            var refused = await ImportAsync();
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("no report of an import", refused.Errors, StringComparison.Ordinal);
            Assert.Equal("my notes\n", await File.ReadAllTextAsync(report));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
