using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Cli.Lines;

/// <summary>
/// Sends a file of JSON lines by the lot, each about an image, by its id or by its name. Lines that cannot be taken are named and left out,
/// and the others are taken. The operation id of a lot follows from its lines, so that a second run repeats the first.
/// </summary>
/// <param name="client">Tells which images have which names, once a line calls its image so.</param>
/// <param name="many">What the file holds, in the plural.</param>
/// <param name="lines">How a line is read.</param>
/// <param name="send">Sends a lot under an operation; what was taken, and what was refused by its place in the lot.</param>
internal sealed class LotImport<T>(
    WinnowClient client, string many, JsonLines<T> lines,
    Func<IReadOnlyList<T>, Guid, Task<(int Taken, IEnumerable<(int Index, string Reason)> Refused)>> send) where T : class
{
    private const int AtOnce = 500;
    private const int BytesAtOnce = 4 << 20;
    private static readonly byte[] Blanks = [.. " \t"u8];

    public async Task<int> RunAsync(string dataset, string file, Stream content, CancellationToken ct)
    {
        var lot = new Lot();
        var (taken, refused) = (0, 0);
        ImageNames? names = null;
        await foreach (var sent in TextLines.ReadAsync(content, lines.MostBytes, ct))
        {
            var line = sent;
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
            if (lines.Read(line, out var wrong) is { } read) lot.Add(line, read);
            else Refuse(line.Number, wrong);
            if (lot.Rows.Count >= AtOnce || lot.Bytes >= BytesAtOnce) await SendAsync();
        }
        if (lot.Rows.Count > 0) await SendAsync();
        if (taken + refused == 0) throw new InvalidDataException($"{file} is empty: a file of {many} has one on each line, as JSON.");
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{taken} {many} taken, {refused} left out."));
        return refused == 0 ? ExitCodes.Done : ExitCodes.Incomplete;

        async Task SendAsync()
        {
            var result = await send(lot.Rows, lot.OperationOf(dataset));
            taken += result.Taken;
            foreach (var (index, reason) in result.Refused) Refuse(lot.LineOf(index), reason);
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

    /// <summary>What is sent at once.</summary>
    private sealed class Lot
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly List<long> _lines = [];

        public List<T> Rows { get; } = [];

        public int Bytes { get; private set; }

        public void Add(TextLine line, T row)
        {
            _hash.AppendData(line.Bytes!);
            _hash.AppendData("\n"u8);
            _lines.Add(line.Number);
            Rows.Add(row);
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
