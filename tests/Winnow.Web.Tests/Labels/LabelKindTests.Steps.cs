using System.Globalization;
using System.Text.Json;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Labels;

/// <summary>Steps that a dataset takes on the command line or by the SDK, which come to the same.</summary>
public abstract partial class LabelKindTests
{
    private sealed partial class Shelf
    {
        public async Task UndoAsync(ImageId image, string actor)
        {
            if (kind.OnCommandLine)
            {
                await RunAsync("review", "undo", Name, image.ToString(), "--actor", actor);
                return;
            }
            using var person = server.As(actor);
            Assert.Equal(SubmitStatus.Recorded, (await person.TakeBackAsync(Name, image)).Status);
        }

        public async Task CorrectAsync(ImageId image, Annotation[] set, string actor)
        {
            if (kind.OnCommandLine)
            {
                var file = Path.Combine(folder, "corrected.json");
                await File.WriteAllTextAsync(file, LabelKind.Json(set));
                await RunAsync("review", "label", Name, image.ToString(), $"@{file}", "--actor", actor);
                return;
            }
            using var person = server.As(actor);
            Assert.Equal(SubmitStatus.Recorded, (await person.CorrectAsync(Name, image, set)).Status);
        }

        /// <summary>What is different between two versions, as lines of the command line, and how many images are the same.</summary>
        public async Task<(string[] Lines, long Same)> CompareAsync(int from, int to)
        {
            if (kind.OnCommandLine)
            {
                var told = (await RunAsync("versions", "diff", Name, $"{from}", $"{to}")).TrimEnd().Split('\n');
                Assert.EndsWith($" images are the same in versions {from} and {to}", told[^1], StringComparison.Ordinal);
                return (told[1..^1], long.Parse(told[^1].Split(' ')[0], CultureInfo.InvariantCulture));
            }
            var diff = await server.Client.DiffVersionsAsync(Name, from, to);
            return ([.. diff.Moves.Select(m => string.Create(CultureInfo.InvariantCulture,
                $"{Word(m.Kind)}\t{Told(m.From, m.FromSource)}\t{Told(m.To, m.ToSource)}\t{m.Images}"))], diff.Same);

            static string Told(string? label, LabelSource? source) => label is null ? "" : $"{label} ({Word(source!.Value)})";
            static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
        }

        public Task ExportAsync(string to) => kind.OnCommandLine
            ? RunAsync("export", Name, "--out", to) : server.Client.WriteExportAsync(Name, 2, "jsonl", to, null);

        /// <summary>Backs it up, and restores it under another name.</summary>
        public async Task CopyAsync(string copy)
        {
            var file = Path.Combine(folder, "backup.tar");
            if (kind.OnCommandLine)
            {
                await RunAsync("backup", Name, file);
                await RunAsync("restore", file, "--as", copy);
                return;
            }
            await server.Client.BackupAsync(Name, file);
            await server.Client.RestoreAsync(file, copy);
        }

        /// <summary>Doubles its shards.</summary>
        public async Task DoubleAsync()
        {
            if (kind.OnCommandLine) await RunAsync("datasets", "split", Name);
            else await server.Client.SplitAsync(Name, 2 * Shards);
            async Task<bool> AreTwiceAsync() => (await server.Client.GetStatusAsync(Name)).Shards == 2 * Shards;
            await Until.TrueAsync(AreTwiceAsync, LearningServer.Patience, () => "the shards are doubled");
        }
    }
}
