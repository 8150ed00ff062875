using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Names;
using Winnow.Model.Prelabels;

namespace Winnow.Cli.Prelabels;

internal static class PrelabelCommands
{
    private const int AtOnce = 500;
    private const int BytesAtOnce = 4 << 20;
    private static readonly byte[] Blanks = [.. " \t"u8];

    public static Command Make(Connection connection) => new("prelabels", "What machines propose for images.") { Import(connection) };

    private static Command Import(Connection connection)
    {
        var file = new Argument<string>("file")
        {
            Description = "JSON lines in UTF-8: image (its id) or name (its path below the folder that was imported), source, "
                + "annotations, madeAt; where known version and confidence.",
        };
        var dataset = new Option<string>("--dataset") { Description = "The dataset that holds the images.", Required = true };
        var command = new Command("import",
            "Import prelabels from a file. Of each image and source the newest is kept. Lines that cannot be taken are named and left out, "
            + "and the others are taken; the command then ends with 3. Running it again changes nothing.") { file, dataset };
        connection.OnRun(command, (parsed, client, ct) =>
            RunAsync(client, parsed.GetValue(dataset)!, parsed.GetValue(file)!, ct));
        return command;
    }

    private static async Task<int> RunAsync(WinnowClient client, string dataset, string file, CancellationToken ct)
    {
        await using var content = NamedFile.Open(file, "file of prelabels");
        await client.GetDatasetAsync(dataset, ct);
        var lot = new Lot();
        var (taken, refused) = (0, 0);
        ImageNames? names = null;
        await foreach (var read in TextLines.ReadAsync(content, PrelabelLines.MostBytes, ct))
        {
            var line = read;
            if (line.Bytes is { } text && text.AsSpan().Trim(Blanks).IsEmpty) continue;
            if (line.Bytes is not null && NamedLine.Find(line.Bytes) is { } named)
            {
                names ??= await ImageNames.ReadAsync(client.ListImagesAsync(dataset, cancellationToken: ct), ct);
                var images = names.Find(named.Name);
                if (images.Count != 1)
                {
                    Refuse(line.Number, NotOne(named.Name, images, dataset));
                    continue;
                }
                line = line with { Bytes = named.With(images[0]) };
            }
            if (PrelabelLines.Read(line, out var wrong) is { } prelabel) lot.Add(line, prelabel);
            else Refuse(line.Number, wrong);
            if (lot.Rows.Count >= AtOnce || lot.Bytes >= BytesAtOnce) await SendAsync();
        }
        if (lot.Rows.Count > 0) await SendAsync();
        if (taken + refused == 0) throw new InvalidDataException($"{file} is empty: a file of prelabels has one on each line, as JSON.");
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{taken} prelabels taken, {refused} left out."));
        return refused == 0 ? ExitCodes.Done : ExitCodes.Incomplete;

        async Task SendAsync()
        {
            var result = await client.AddPrelabelsAsync(dataset, lot.Rows, lot.OperationOf(dataset), ct);
            taken += result.Taken;
            foreach (var row in result.Refused) Refuse(lot.LineOf(row.Index), $"{row.Image} by {row.Source}: {row.Reason}");
            lot = new Lot();
        }

        void Refuse(long at, string reason)
        {
            refused++;
            Terminal.Complain(string.Create(CultureInfo.InvariantCulture, $"{file}, line {at}: {reason}"));
        }
    }

    private static string NotOne(string name, IReadOnlyList<ImageId> images, string dataset) => images.Count == 0
        ? $"'{ShownText.Named(name)}' names no image of {dataset}. A name is the image's path below the folder that was imported."
        : string.Create(CultureInfo.InvariantCulture, $"'{ShownText.Named(name)}' names {images.Count} images of different content, ")
            + $"such as {images[0]} and {images[1]}. Give the line the image's id, as 'image'.";

    /// <summary>What is sent at once. Its operation id follows from its lines, so that a second run repeats the first.</summary>
    private sealed class Lot
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly List<long> _lines = [];

        public List<ImagePrelabel> Rows { get; } = [];

        public int Bytes { get; private set; }

        public void Add(TextLine line, ImagePrelabel prelabel)
        {
            _hash.AppendData(line.Bytes!);
            _hash.AppendData("\n"u8);
            _lines.Add(line.Number);
            Rows.Add(prelabel);
            Bytes += line.Bytes!.Length;
        }

        public long LineOf(int index) => _lines[index];

        public Guid OperationOf(string dataset)
        {
            _hash.AppendData(Encoding.UTF8.GetBytes(dataset));
            return new Guid(_hash.GetHashAndReset().AsSpan(0, 16), bigEndian: true);
        }
    }
}
