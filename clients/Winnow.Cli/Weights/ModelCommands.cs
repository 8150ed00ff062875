using System.CommandLine;
using System.Globalization;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;

namespace Winnow.Cli.Weights;

internal static class ModelCommands
{
    public static Command Make(Connection connection) => new("models", "Backbones on this machine, and heads that were trained.") { Pull(), Compare(), Download(connection) };

    private static Command Pull()
    {
        var name = new Argument<string>("name") { DefaultValueFactory = _ => WeightsCatalog.MobileNetV3Small.Name, Description = "Backbone of the catalog." };
        var command = new Command("pull", "Fetch a backbone into the cache, checked against its SHA-256.") { name };
        Connection.OnRunLocally(command, async (parsed, ct) =>
        {
            var file = await new WeightsCache().PullAsync(parsed.GetValue(name)!, Console.WriteLine, ct);
            Console.WriteLine($"{file.Name}\t{file.Path}\tSHA-256 {file.Sha256}\tlicence {file.Licence}");
            return 0;
        });
        return command;
    }

    private static Command Compare()
    {
        var other = new Option<string>("--with") { Description = "ONNX file to compare the default backbone with.", Required = true };
        var images = new Option<string>("--images") { Description = "Folder of images to run both on.", Required = true };
        var command = new Command("compare", "How far the embeddings of two backbones are apart on real images.") { other, images };
        Connection.OnRunLocally(command, (parsed, _) =>
        {
            var file = new WeightsCache().Load(WeightsCatalog.MobileNetV3Small.Name) ?? throw new WeightsException("The default backbone is not in the cache. Run: winnow models pull");
            using var first = new Backbone(file);
            using var second = new Backbone(WeightsCache.FromFile(parsed.GetValue(other)!, null, file.Side));
            var result = BackboneComparison.Compare(first, second, new ImageDecoder(new ImageLimits()), Directory.EnumerateFiles(parsed.GetValue(images)!, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Images} images, largest difference {result.MaxDifference:E2}, mean {result.MeanDifference:E2}"));
            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Download(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var arm = new Option<string>("--arm") { DefaultValueFactory = _ => "main", Description = "Arm." };
        var round = new Option<int>("--round") { Required = true, Description = "The round that trained it." };
        var path = new Option<string>("--out") { Required = true, Description = "File to write." };
        var command = new Command("download", "A trained head as an ONNX file: embedding → probabilities.") { dataset, arm, round, path };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            await File.WriteAllBytesAsync(parsed.GetValue(path)!, await client.GetModelAsync(parsed.GetValue(dataset)!, parsed.GetValue(arm)!, parsed.GetValue(round), ct), ct);
            return 0;
        });
        return command;
    }
}
