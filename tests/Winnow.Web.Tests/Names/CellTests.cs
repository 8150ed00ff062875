using Winnow.Client;
using Winnow.Model.Labels;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Names;

/// <summary>What the command line writes into files and pipes runs nothing where it is opened as a table.</summary>
[Trait("kind", "security")]
public sealed class CellTests(Server server) : IClassFixture<Server>
{
    [Theory]
    [InlineData("=cmd|' ", "'=cmd")]
    [InlineData("@sum(1)", "'@sum(1)")]
    [InlineData("+1+cmd", "'+1+cmd")]
    public async Task No_cell_of_a_line_is_a_formula(string text, string written)
    {
        var dataset = await server.Client.DatasetAsync(0, scored: false);
        var image = new ImageToImport($"{text}x.png", _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(DrawnImages.Draw(1)));
        await foreach (var taken in server.Client.ImportAsync(dataset, One(image)))
            await server.Client.CorrectAsync(dataset, taken.Id!.Value, [new ClassTag(DrawnImages.Classes[0])], text);
        await foreach (var listed in server.Client.ListImagesAsync(dataset))
            foreach (var command in new string[][] { ["list", dataset], ["review", "history", dataset, listed.Id.ToString()] })
            {
                var result = await CliProcess.RunAsync(server.Address, [], command);
                Assert.True(result.ExitCode == 0, result.Output);
                var cells = result.Output.Split('\n').SelectMany(l => l.Split('\t')).ToList();
                Assert.Contains(cells, c => c.StartsWith(written, StringComparison.Ordinal));
                Assert.DoesNotContain(cells, c => c.TrimStart() is ['=' or '@' or '+' or '-', ..]);
            }
    }

    private static async IAsyncEnumerable<ImageToImport> One(ImageToImport image)
    {
        yield return await Task.FromResult(image);
    }
}
