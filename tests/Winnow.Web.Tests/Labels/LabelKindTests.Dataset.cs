using System.Globalization;
using System.Text;
using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Labels;

/// <summary>A dataset of one kind on the way, what was said of it, and how that is held against what the product tells.</summary>
public abstract partial class LabelKindTests
{
    /// <summary>What is kept of an image, and by whose word.</summary>
    private sealed record Word(IReadOnlyList<Annotation> Set, string By);

    private sealed partial class Shelf(Server server, LabelKind kind, Garments garments, string folder)
    {
        private const int Shards = 2;

        public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"{kind.Name}-{Guid.NewGuid().ToString("n")[..8]}");

        public string Folder => folder;

        public LabelKind Kind => kind;

        /// <summary>The pictures that are in it.</summary>
        public Dictionary<ImageId, GarmentPicture> Pictures { get; } = [];

        /// <summary>What was said last of each image, as far as anything stands.</summary>
        public Dictionary<ImageId, Word> Words { get; } = [];

        public string Truth => Path.Combine(folder, "truth.jsonl");

        public async Task<string> RunAsync(params string[] arguments)
        {
            var result = await CliProcess.RunAsync(server.Address, [], arguments);
            Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Output}");
            return result.Output;
        }

        public async Task CreateAsync()
        {
            string[] how = ["--task", .. kind.Task, "--classes", .. garments.Pictures.Classes];
            if (kind.Schema is { } schema)
            {
                var file = Path.Combine(folder, "schema.json");
                await File.WriteAllTextAsync(file, JsonSerializer.Serialize(schema, ModelJson.Default.LabelSchema));
                how = ["--schema", file];
            }
            var told = await RunAsync(["datasets", "create", Name, "--shards", $"{Shards}", "--audit", "0", .. how]);
            // From sets of classes a model is learned.
            Assert.Equal(kind.Name != "tags", told.Contains("rounds choose by diversity alone", StringComparison.Ordinal));
        }

        /// <summary>Imports pictures, and writes what is true of all.</summary>
        public async Task ImportAsync(int from, int count)
        {
            var pictures = Directory.CreateDirectory(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"from-{from}")));
            for (var seed = from; seed < from + count; seed++)
            {
                var picture = garments.Picture(seed);
                await File.WriteAllBytesAsync(Path.Combine(pictures.FullName, picture.FileName), picture.Bytes);
                Pictures.Add(ImageId.Of(picture.Bytes), picture);
            }
            if (kind.OnCommandLine || from == 0) await RunAsync("import", pictures.FullName, "--dataset", Name);
            else
            {
                await foreach (var result in server.Client.ImportAsync(Name, ImageFolder.EnumerateAsync(pictures.FullName)))
                    Assert.Equal(IngestStatus.Accepted, result.Status);
            }
            var lines = Pictures.Values.Select(p => $$"""{"name": "{{p.FileName}}", "annotations": {{LabelKind.Json(kind.Says(p))}}}""");
            await File.WriteAllLinesAsync(Truth, lines);
        }

        /// <summary>Somebody said what is true of an image, or less.</summary>
        public void Said(ImageId image, string by, Func<Annotation[], Annotation[]>? but = null)
        {
            var kept = kind.Keeps(Pictures[image]);
            Words[image] = new Word(but is null ? kept : but(kept), by);
        }

        /// <summary>Each image's page tells what stands of it, and its size upright.</summary>
        public async Task CheckPagesAsync(string dataset)
        {
            var listed = await server.Client.ListImagesAsync(dataset).ToListAsync();
            Assert.Equal(Pictures.Count, listed.Count);
            foreach (var image in listed)
            {
                var page = await server.Client.GetImageAsync(dataset, image.Id);
                var (word, picture) = (Words.GetValueOrDefault(image.Id), Pictures[image.Id]);
                Assert.Equal(picture.FileName, page.Name);
                Assert.Equal(word is not null, page.Labelled);
                Assert.Equal(LabelKind.Json(word?.Set ?? []), LabelKind.Json(page.Annotations));
                Assert.Equal(picture.Orientation, page.Header!.Orientation);
                Assert.Equal(word?.Set.Select(a => a.Class).Distinct(), image.Classes);
            }
        }

        /// <summary>A version's rows tell the same, of JSON lines as they are exported.</summary>
        public static void CheckRows(
            string lines, IReadOnlyDictionary<ImageId, GarmentPicture> pictures, IReadOnlyDictionary<ImageId, Word> words)
        {
            var rows = lines.TrimEnd().Split('\n').Select(l => JsonSerializer.Deserialize(l, ModelJson.Default.ManifestRow)!).ToArray();
            Assert.Equal(pictures.Keys.Order(), rows.Select(r => r.Id));
            foreach (var row in rows)
            {
                var (word, picture) = (words.GetValueOrDefault(row.Id), pictures[row.Id]);
                Assert.Equal(LabelKind.Json(word?.Set), LabelKind.Json(row.Annotations));
                Assert.Equal((word?.By, word is null ? (LabelSource?)null : LabelSource.Human), (row.By, row.Source));
                Assert.Equal((picture.FileName, picture.Width, picture.Height), (row.Name, row.Width, row.Height));
            }
        }

        public async Task<string> ExportedAsync(string dataset, int version)
        {
            using var lines = new StreamReader(await server.Client.OpenExportAsync(dataset, version, "jsonl"), Encoding.UTF8);
            return await lines.ReadToEndAsync();
        }
    }

    /// <summary>How the command line tells what became of images, worked out from what was said before and after.</summary>
    private static IEnumerable<string> ChangesOf(
        IReadOnlyDictionary<ImageId, Word> before, IReadOnlySet<ImageId> there, IReadOnlyDictionary<ImageId, Word> after,
        IEnumerable<ImageId> now)
    {
        var changes = new List<string>();
        foreach (var image in now)
        {
            var (was, nowIs) = (before.GetValueOrDefault(image), after.GetValueOrDefault(image));
            var kind = !there.Contains(image) ? "added"
                : was is null && nowIs is not null ? "labelled"
                : was is not null && nowIs is null ? "unlabelled"
                : LabelKind.Json(was?.Set) != LabelKind.Json(nowIs?.Set) ? "relabelled" : null;
            if (kind is not null) changes.Add($"{kind}\t{Told(was)}\t{Told(nowIs)}");
        }
        return changes.GroupBy(c => c).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key}\t{g.Count()}"));

        static string Told(Word? word)
        {
            if (word is null) return "";
            string[] classes = [.. word.Set.Select(a => a.Class).Distinct().Order(StringComparer.Ordinal)];
            return (classes.Length == 0 ? "(nothing)" : classes.Length > 5 ? $"({classes.Length} classes)" : string.Join(" + ", classes))
                + " (human)";
        }
    }
}
