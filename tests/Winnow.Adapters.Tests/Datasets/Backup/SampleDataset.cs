using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Scoring;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Numerics;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Acts;
using Winnow.Grains.Backup;
using Winnow.Grains.Columns;
using Winnow.Grains.Datasets;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Grains.Training;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Adapters.Tests.Datasets.Backup;

/// <summary>
/// A small dataset with something of everything: lots with and without an operation, answers of every kind, tasks of known and unknown
/// rounds, columns, models, rounds that have ended and one that has not, versions. Its embeddings are short, and otherwise what they are
/// everywhere.
/// </summary>
internal sealed class SampleDataset(ILedgerPorts ports, IObjectStore objects, DatasetInfo dataset, int images)
{
    private const int EmbeddingDimensions = 6;
    private const int Dimensions = 4;

    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly List<ImageRow> _rows = [];
    private readonly List<SelectedRecord> _selected = [];
    private Projection _projection = null!;
    private SoftmaxHead _head = null!;
    private string _projectionSha256 = "";

    private string Name => dataset.Name;

    /// <summary>The bytes of image number <paramref name="n"/>.</summary>
    public static byte[] Bytes(int n) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"picture {n} {new string('x', n * 7)}"));

    /// <summary>Its id.</summary>
    public static ImageId Id(int n) => ImageId.Of(Bytes(n));

    public async Task FillAsync()
    {
        await ports.Datasets.AddDatasetAsync(dataset, Never);
        await objects.PutManyIfAbsentAsync(
            [.. Enumerable.Range(0, images).Select(n => (ObjectKeys.Image(Name, Id(n)), (ReadOnlyMemory<byte>)Bytes(n)))], Never);
        _projection = Projection.Fit(Floats(40 * EmbeddingDimensions, seed: 1), EmbeddingDimensions, Dimensions);
        _projectionSha256 = Hash(_projection.ToBytes());
        var classes = dataset.Schema.Classes.Count;
        _head = new SoftmaxHead(classes, Dimensions, Floats(classes * Dimensions, seed: 2), Floats(classes, seed: 3), 1.5f);
        foreach (var group in Enumerable.Range(0, images).GroupBy(n => dataset.Shards.ShardOf(Id(n))).OrderBy(g => g.Key))
            await FillShardAsync(group.Key, [.. group]);
        // What an earlier restoration told; below the level of acts there are none.
        await ports.Acts.RestoreAsync(new ActStream(Name, -1), [new StoredAct(1, Acts(7)[0]), new StoredAct(2, Acts(8)[1])], Never);
        await FillControlAsync();
    }

    /// <summary>Something was done to an image, to a person's access, and by somebody who was erased since.</summary>
    private static ActRecord[] Acts(int n)
    {
        var ada = new ActCaller("service:import for ada", "10.0.0.7");
        var decided = new ActDraft(ActKind.DecisionMade) { Image = Id(n), Of = "2", Content = Bytes(n) };
        var granted = new ActDraft(ActKind.AccessGranted) { About = "person:bob", Of = "viewer", Purpose = "review" };
        return
        [
            ActRecords.Make(decided, ada, LedgerRows.Noon), ActRecords.Make(granted, ada, LedgerRows.Noon.AddTicks(7)),
            ActRecords.Make(decided, ada, LedgerRows.Noon) with { Actor = null, Object = null },
        ];
    }

    private async Task FillShardAsync(int number, int[] numbers)
    {
        var shard = new ShardKey(Name, number);
        var epoch = (await ports.Shards.OpenShardAsync(shard, Never)).Epoch;
        ShardCommit New() => new() { Shard = shard, Epoch = epoch };
        var rows = numbers.Select((n, ordinal) => RowOf(n, ordinal)).ToArray();
        await CommitAsync(New() with { OperationId = LedgerRows.Operation(number + 1), Images = rows[..4] });
        await CommitAsync(New() with { Images = rows[4..6] });
        if (rows.Length > 6) await CommitAsync(New() with { OperationId = LedgerRows.Operation(number + 101), Images = rows[6..] });
        HistoryRow[] history = [Entry(rows[1], 1, number), Entry(rows[1], 2, number), Entry(rows[3], 1, number)];
        TaskRow[] tasks = [new(1, Arms.Main, 1, 0.5f, LedgerRows.Noon.AddYears(50)), new(2, Arms.Main, 7, 0.25f, LedgerRows.Noon),
            new(3, Arms.Audit, 1, 2, LedgerRows.Noon)];
        await CommitAsync(New() with
        {
            History = history,
            Tasks = tasks,
            Segments = await SegmentsAsync(shard, rows),
            Quarantined = [new(5, "no pixels")]
        });
        await ports.Acts.AppendAsync(ActStream.Of(shard), Acts(numbers[0]), Never);
        _rows.AddRange(rows);
        _selected.Add(new SelectedRecord(number, 1, rows[1].Row.Id, 0.5f));
    }

    private ImageRow RowOf(int n, int ordinal) => new(
        ordinal,
        // Nobody is asked about the holdout, and the first ones are asked about.
        new IngestRow(Id(n), $"ü/{n}.png", "png", 3, 4, 1, Bytes(n).Length,
            ordinal > 3 && n % 3 == 0 ? Partition.Holdout : Partition.Pool, (n % 3) - 1,
            n % 7 == 0 ? "cut off" : null)
        {
            Orientation = (byte)(n % 9),
        },
        LedgerRows.Noon.AddMilliseconds(n), Told is { } told && n % 2 == 0 ? ActorName.WriteTold("ada", told) : "ada");

    /// <summary>Where the dataset was restored before, some of it was told then.</summary>
    private int? Told => dataset.Restored.Count == 0 ? null : dataset.Restored.Count;

    private HistoryRow Entry(ImageRow row, int version, int shard)
    {
        var operation = LedgerRows.Operation((shard * 100) + (row.Ordinal * 10) + version);
        var decision = (row.Ordinal, version) switch
        {
            (1, 1) => new Decision { Kind = DecisionKind.Skip, ElapsedMilliseconds = 1_500 },
            _ => new Decision { Kind = DecisionKind.Label, Annotations = Annotations(shard), Comment = "ü" },
        };
        // An answer to what was not asked says nothing of what stands, and is kept all the same.
        var terms = decision.Kind == DecisionKind.Skip ? new TaskTerms(TaskKind.Verify, 2, true, true, Of: 0) : null;
        var entry = new HistoryEntry(
            version, HistoryKind.Decided, "bob", LedgerRows.Noon, operation, decision, version == 1 ? Told : null, terms,
            dataset.Schema.Version);
        // What stands is worked out as the image's own grain does it.
        var before = version == 2 ? [ReadEntry(Entry(row, 1, shard))] : Array.Empty<HistoryEntry>();
        var standing = ImageHistory.Fold([.. before, entry]);
        return new HistoryRow(row.Row.Id, row.Ordinal, version, operation, ImageHistory.ToJson(entry), standing.LabelIndex(dataset.Schema),
            standing.Closed, standing.Stage ?? Stage.Queued);
    }

    private static HistoryEntry ReadEntry(HistoryRow row) => JsonSerializer.Deserialize(row.EntryJson, ModelJson.Default.HistoryEntry)!;

    /// <summary>One of each kind that the schema takes.</summary>
    private List<Annotation> Annotations(int shard)
    {
        var said = new List<Annotation> { new ClassTag("dog") };
        if (dataset.Schema.Geometries.Contains(Geometry.Box))
            said.Add(new BoxAnnotation("cat", new Box(1, 2, 3.5, 4) { Rotation = 30 })
            {
                Confidence = 0.5,
                Id = "b1",
                Source = "yolo",
                Crowd = true,
                Attributes = dataset.Schema.Attributes is null ? null
                    : new Dictionary<string, AttributeValue> { ["pose"] = AttributeValue.Of("left") },
            });
        if (dataset.Schema.Geometries.Contains(Geometry.Polygon))
            said.Add(new PolygonAnnotation("cat", [0, 0, 5, 0, 5, 5.5]) { Rings = [[1, 0.5, 2, 0.5, 2, 1]] });
        if (dataset.Schema.Geometries.Contains(Geometry.Polyline)) said.Add(new PolylineAnnotation("cat", [0, 0, 5, 5.5]));
        if (dataset.Schema.Geometries.Contains(Geometry.Keypoints)) said.Add(new KeypointsAnnotation("cat", [1, 1, 2, 0, 0, 0]));
        if (dataset.Schema.Geometries.Contains(Geometry.Mask)) said.Add(new MaskAnnotation("cat", new RunLengthMask(2, 2, [1, 2, 1])));
        if (dataset.Schema.Geometries.Contains(Geometry.Text)) said.Add(new TextAnnotation("cat", [0, 0, 5, 0, 5, 5], $"shard {shard}"));
        return said;
    }

    private async Task<List<SegmentRow>> SegmentsAsync(ShardKey shard, ImageRow[] rows)
    {
        var made = new List<SegmentRow>();
        var projected = new Half[rows.Length * Dimensions];
        var embeddings = Floats(rows.Length * EmbeddingDimensions, seed: 10 + shard.Shard).Select(f => (Half)f).ToArray();
        // Rows of images that were put aside have no numbers; the first of this shard are in a segment of their own.
        for (var i = 0; i < rows.Length; i++)
            if (rows[i].Row.Reason is not null || i == 5) Array.Fill(embeddings, Half.NaN, i * EmbeddingDimensions, EmbeddingDimensions);
        _projection.Apply(embeddings, projected);
        var scores = new ImageScore[rows.Length];
        _head.Score(projected, scores);
        foreach (var (first, end) in new[] { (0, 4), (4, rows.Length) })
        {
            await AddAsync(SegmentKinds.Embedding, dataset.Settings.Backbone, first, MemoryMarshal.AsBytes(
                embeddings.AsSpan((first * EmbeddingDimensions)..(end * EmbeddingDimensions))).ToArray());
            await AddAsync(SegmentKinds.Embedding, SampleControl.SecondBackbone, first, MemoryMarshal.AsBytes(
                embeddings.AsSpan((first * EmbeddingDimensions)..(end * EmbeddingDimensions))).ToArray());
            await AddAsync(SegmentKinds.Projection, _projectionSha256, first, MemoryMarshal.AsBytes(
                projected.AsSpan((first * Dimensions)..(end * Dimensions))).ToArray());
            await AddAsync(SegmentKinds.Scores, "main/1", first, MemoryMarshal.AsBytes(scores.AsSpan(first..end)).ToArray());

            async Task AddAsync(string kind, string version, int from, byte[] content)
            {
                var segment = SegmentFormat.Allocate(content.Length / (end - from), end - from);
                content.CopyTo(SegmentFormat.Rows(segment));
                SegmentFormat.Seal(segment, new SegmentHeader(content.Length / (end - from), from, end - from));
                var key = ObjectKeys.Segment(shard, kind, version, from, "1");
                await objects.PutAsync(key, segment, Never);
                made.Add(new SegmentRow(kind, version, from, end - from, key));
            }
        }
        return made;
    }

    private async Task FillControlAsync()
    {
        var projection = ObjectKeys.Projection(Name, _projectionSha256);
        await objects.PutAsync(projection, _projection.ToBytes(), Never);
        var headSha256 = Hash(_head.ToBytes());
        var head = ObjectKeys.Head(Name, Arms.Main, 1, headSha256);
        await objects.PutAsync(head, _head.ToBytes(), Never);
        var onnx = new OnnxModelExporter().ToOnnx(_projection, _head, [.. dataset.Schema.Classes.Select(c => c.Name)],
            dataset.Schema.RetiredAt(1));
        await objects.PutAsync(ObjectKeys.HeadOnnx(Name, Arms.Main, 1, headSha256), onnx, Never);
        var control = new SampleControl(dataset, images, Told)
        {
            ProjectionKey = projection,
            ProjectionSha256 = _projectionSha256,
            HeadKey = head,
            HeadSha256 = headSha256,
            DataSha256 = Hash("data"u8),
            Selected = _selected,
        };
        var state = control.State();
        state.Versions.Add(await VersionAsync(1));
        if (Told is not null) state.Versions.Add(await VersionAsync(2));
        var ended = control.FirstRound();
        var (first, id) = (_rows[0].Ordinal, _rows[0].Row.Id);
        var next = control.SecondRound(new SelectedRecord(dataset.Shards.ShardOf(id), first, id, 0.75f));
        var states = ports.States;
        await states.WriteAsync(new GrainStateKey("dataset", Name, "dataset"), null, BackupControl.ToJson(state), Never);
        await states.WriteAsync(new GrainStateKey("round", $"{Name}/main/1", "round"), null, BackupControl.ToJson(ended), Never);
        await states.WriteAsync(new GrainStateKey("round", $"{Name}/main/2", "round"), null, BackupControl.ToJson(next), Never);
    }

    private async Task<VersionEntry> VersionAsync(int number)
    {
        using var manifest = new MemoryStream();
        void Line(byte[] json)
        {
            manifest.Write(json);
            manifest.WriteByte((byte)'\n');
        }

        // The first one is of a release that knew one class alone.
        var layout = number == 1 ? ManifestHeader.OneClassLayout : ManifestHeader.LayoutOf(dataset.Schema);
        Line(JsonSerializer.SerializeToUtf8Bytes(
            new ManifestHeader(ManifestHeader.FormatName, layout, Name, dataset.Schema), ModelJson.Default.ManifestHeader));
        var labeled = 0;
        foreach (var row in _rows.OrderBy(r => r.Row.Id))
        {
            var label = row.Row.Label < 0 ? null : dataset.Schema.Classes[row.Row.Label].Name;
            labeled += label is null ? 0 : 1;
            var made = new ManifestRow(row.Row.Id, row.Row.Name, row.Row.Partition, Stage.Scored, label, 0, false)
            {
                Source = label is null ? null : LabelSource.Imported,
            };
            if (layout != ManifestHeader.OneClassLayout)
                made = made with
                {
                    Label = null,
                    Annotations = label is null ? null : Annotations(number),
                    By = label is null ? null : "bob",
                    Width = row.Row.Upright?.Width,
                    Height = row.Row.Upright?.Height,
                };
            Line(JsonSerializer.SerializeToUtf8Bytes(made, ModelJson.Default.ManifestRow));
        }
        var key = ObjectKeys.Manifest(Name, number, "activation");
        await objects.PutAsync(key, manifest.ToArray(), Never);
        return new VersionEntry
        {
            OperationId = LedgerRows.Operation(910 + number),
            Version = new DatasetVersion(number, "first", LedgerRows.Noon, "ada", _rows.Count, labeled, Hash(manifest.ToArray()),
                number == 1 ? null : number - 1, number == 1 ? Told : null)
            {
                Arms = [new VersionArm(Arms.Main, 1, "main/1", new string('b', 64))],
            },
            ManifestKey = key,
        };
    }

    private async Task CommitAsync(ShardCommit commit) =>
        Assert.Equal(ShardCommitStatus.Committed, await ports.Shards.CommitAsync(commit, Never));

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static float[] Floats(int count, int seed)
    {
        var random = new SeededRandom((ulong)seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble() - 0.5f)];
    }
}
