using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Ledger;
using Winnow.Cluster.Tests.Images;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Grains.Splitting;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Cluster.Tests.Splitting;

/// <summary>The shard that is split, and the moves that it may make.</summary>
public sealed partial class ShardCopierTests
{
    private sealed class SplitShard(IShardLedger ledger, IObjectStore objects, ShardKey key, long epoch)
    {
        private static readonly ShardLayout To = new ShardLayout(0, 2).Doubled();
        private readonly List<ImageId> _ids = [];
        private readonly HashSet<int> _quarantined = [];
        private readonly Dictionary<int, int> _versions = [];
        private readonly Dictionary<string, (string Version, SegmentColumn Column)> _columns = [];
        private readonly Dictionary<int, int> _said = [];
        private readonly HashSet<(int Ordinal, string Arm)> _asked = [];
        private readonly Dictionary<int, DateTimeOffset> _reserved = [];
        private int _operations;
        private int _models;
        private ShardCopier? _copier;

        public static async Task<SplitShard> OpenAsync(SqliteLedger ledger, IObjectStore objects, string dataset)
        {
            await ledger.AddDatasetAsync(
                new DatasetInfo(dataset, new LabelSchema { Classes = [new("cat"), new("dog")] }, new DatasetSettings { Shards = 2 },
                    DateTimeOffset.UnixEpoch, "ada"), Never);
            var key = new ShardKey(dataset, 1);
            return new SplitShard(ledger, objects, key, (await ledger.OpenShardAsync(key, Never)).Epoch);
        }

        public async Task TakeAsync(Action what, int number)
        {
            var now = DateTimeOffset.UnixEpoch.AddSeconds(number);
            int[] some = [.. Enumerable.Range(0, _ids.Count).Where(o => (o + number) % 3 == 0)];
            switch (what)
            {
                case Action.Images:
                    var rows = Enumerable.Range(_ids.Count, 1 + number % 9)
                    .Select(o => new ImageRow(o,
                        new IngestRow(IdOf(o), $"{o}.png", "png", 28, 28, 1, 600, (Partition)(o % 2), o % 3 - 1,
                            o % 5 == 0 ? "cut off" : null), now, "ada")).ToArray();
                    foreach (var row in rows)
                    {
                        _ids.Add(row.Row.Id);
                        if (row.Row.Reason is not null) _quarantined.Add(row.Ordinal);
                    }
                    var operation = number % 4 == 0 ? Guid.Empty : new Guid(++_operations, 0, 0, new byte[8]);
                    OperationStamp? stamp = number % 4 < 2 ? null : new OperationStamp($"person {number}", operation);
                    await CommitAsync(New() with { Images = rows, OperationId = operation, Stamp = stamp });
                    break;
                case Action.Tasks:
                    await CommitAsync(New() with
                    {
                        Tasks =
                    [.. some.Where(o => _asked.Add((o, ArmOf(number)))).Select(o => Asked(o, number))]
                    });
                    break;
                case Action.EndTasks:
                    await CommitAsync(New() with { WithdrawnTasks = [.. some.Select(o => new WithdrawnTaskRow(o, ArmOf(number)))] });
                    foreach (var o in some)
                        if (_asked.Remove((o, ArmOf(number))) && !_asked.Contains((o, ArmOf(number + 1)))) _reserved.Remove(o);
                    break;
                case Action.Reserve:
                    await CommitAsync(New() with { Reservations = [.. some.Select(o => new ReservationRow(o, now))] });
                    foreach (var o in some)
                        if (_asked.Contains((o, "main")) || _asked.Contains((o, "control"))) _reserved[o] = now;
                    break;
                case Action.Decide:
                    await CommitAsync(New() with
                    {
                        History =
                    [.. some.Select(o =>
                        new HistoryRow(_ids[o], o, _versions[o] = _versions.GetValueOrDefault(o) + 1, Guid.NewGuid(),
                            Encoding.UTF8.GetBytes($"{{\"{number}\":{o}}}"), number % 2, number % 3 == 0, Stage.Labeled))]
                    });
                    break;
                case Action.Facts:
                    var facts = some.SelectMany(o => new[] { Said(o, number), Made(o, number) }).Append(Said(-1, number)).ToArray();
                    await CommitAsync(New() with { Facts = facts });
                    break;
                case Action.Quarantine:
                    // What was put aside is not embedded again, so an image has one reason.
                    await CommitAsync(New() with
                    {
                        Quarantined =
                        [.. some.Where(_quarantined.Add).Select(o => new QuarantineRow(o, $"broken {number}"))]
                    });
                    break;
                case Action.Publish:
                    foreach (var kind in new[] { SegmentKinds.Embedding, SegmentKinds.Projection })
                        _columns[kind] = ("v", Column("v", _ids.Count));
                    break;
                case Action.Rescore when _columns.TryGetValue(SegmentKinds.Projection, out var projected):
                    var model = $"main/{++_models}";
                    _columns[SegmentKinds.Scores] = (model, Column(model, projected.Column.Count));
                    break;
                case Action.Withdraw:
                    _columns.Remove(SegmentKinds.Scores);
                    break;
                case Action.Copy:
                    await Copier().AdvanceAsync(Source(), _quarantined.Contains, Never);
                    break;
                case Action.GoDown:
                    _copier = null;
                    break;
            }
        }

        private static string ArmOf(int number) => number % 2 == 0 ? "main" : "control";

        // Set aside as a whole, whichever arm asks.
        private TaskRow Asked(int ordinal, int number) =>
            new(ordinal, ArmOf(number), 1 + number % 3, number, _reserved.GetValueOrDefault(ordinal, DateTimeOffset.UnixEpoch));

        private FactRow Said(int ordinal, int number) =>
            Fact("test-said", ordinal, _said[ordinal] = _said.GetValueOrDefault(ordinal) + 1, true, $"{number}");

        // Now and then older than what stands.
        private FactRow Made(int ordinal, int number) => Fact("test-made", ordinal, 1 + (number % 5), false, $"{number}");

        private FactRow Fact(string kind, int ordinal, long version, bool grows, string payload) => new(
            new FactKey(kind, ordinal, ""), ordinal < 0 ? default : _ids[ordinal], version, grows, Guid.NewGuid(), "ada",
            SHA256.HashData(Encoding.UTF8.GetBytes(payload)), payload.Length, Encoding.UTF8.GetBytes(payload));

        public Task FinishAsync() => Copier().FinishAsync(Source(), _quarantined.Contains, Never);

        private ShardCommit New() => new() { Shard = key, Epoch = epoch };

        private async Task CommitAsync(ShardCommit commit)
        {
            Assert.Equal(ShardCommitStatus.Committed, await ledger.CommitAsync(commit, Never));
            _copier?.Committed(commit);
        }

        private ShardCopier Copier()
        {
            if (_copier is not null) return _copier;
            _copier = new ShardCopier(key, To, ledger, new ColumnCopier(objects, 4), TimeProvider.System);
            foreach (var id in _ids) _copier.Add(id);
            return _copier;
        }

        private List<SourceColumn> Source() => [.. _columns.Select(c => new SourceColumn(c.Key, c.Value.Version, c.Value.Column))];

        // An id of this shard, the second of two.
        private static ImageId IdOf(int ordinal) =>
            ShardIndexTests.IdOf(ordinal) is var id ? new ImageId(id.A | 1UL << 63, id.B, id.C, id.D) : default;

        private static long ValueOf(string version, ImageId id) => HashCode.Combine(version, id);

        private SegmentColumn Column(string version, int rows)
        {
            var column = new SegmentColumn(sizeof(long));
            for (var first = 0; first < rows; first += 5)
            {
                var count = Math.Min(5, rows - first);
                var segment = SegmentFormat.Allocate(sizeof(long), count);
                for (var i = 0; i < count; i++)
                    BitConverter.TryWriteBytes(SegmentFormat.Rows(segment)[(i * sizeof(long))..], ValueOf(version, _ids[first + i]));
                SegmentFormat.Seal(segment, new SegmentHeader(sizeof(long), first, count));
                column = column.With($"{version}-{first}", new Held(segment));
            }
            return column;
        }

        public async Task CompareAsync()
        {
            var was = await ContentAsync(key);
            ShardKey[] halves = [new(key.Dataset, To.First + 2), new(key.Dataset, To.First + 3)];
            var are = new List<Content>();
            foreach (var half in halves)
            {
                var content = await ContentAsync(half);
                Assert.All(content.Images, i => Assert.Equal(half.Shard, To.ShardOf(i.Row.Id)));
                are.Add(content);
                foreach (var (kind, (version, column)) in _columns)
                    foreach (var image in content.Images.Where(i => _ids.IndexOf(i.Row.Id) < column.Count))
                        Assert.Equal(ValueOf(version, image.Row.Id),
                            content.Columns[kind].Version == version ? content.Columns[kind].Values[image.Ordinal] : 0);
                Assert.All(content.Columns.Keys, kind => Assert.Contains(kind, _columns.Keys));
                // Whole columns: a row more or less than the shard has would be another image's.
                Assert.All(content.Columns, c =>
                    Assert.Equal(_ids.Take(_columns[c.Key].Column.Count).Count(id => To.ShardOf(id) == half.Shard), c.Value.Values.Count));
            }
            Assert.Equal(was.Images.Select(i => i with { Ordinal = 0 }),
                are.SelectMany(c => c.Images).OrderBy(i => _ids.IndexOf(i.Row.Id)).Select(i => i with { Ordinal = 0 }));
            foreach (var content in are)
                Assert.Equal(content.Images.Select(i => i.Row.Id), content.Images.Select(i => i.Row.Id).OrderBy(_ids.IndexOf));
            Assert.Equal(was.Tasks.Order(), are.SelectMany(c => c.Tasks).Order());
            Assert.Equal(was.History.Order(), are.SelectMany(c => c.History).Order());
            Assert.Equal(was.Operations.Order(), are.SelectMany(c => c.Operations).Order());
            var copied = are.SelectMany(c => c.Facts).ToArray();
            Assert.Empty(was.Facts.Except(copied).Select(f => $"lacks {f}").Concat(copied.Except(was.Facts).Select(f => $"has {f}")));
            Assert.Equal(was.Facts.Order(), copied.Order());
        }

        private sealed record Content(List<ImageRow> Images, List<string> Tasks, List<string> History, List<string> Operations,
            List<string> Facts,
            Dictionary<string, (string Version, List<long> Values)> Columns);

        /// <summary>What a shard holds, named by images and not by ordinals.</summary>
        private async Task<Content> ContentAsync(ShardKey shard)
        {
            var images = await ledger.ReadImagesAsync(shard, 0, int.MaxValue, Never).ToListAsync();
            // An image is set aside as a whole, until the latest time that any arm's row of it says. Of one that its history has closed,
            // the ledger says nothing.
            var rows = await ledger.ReadTasksAsync(shard, Never).ToListAsync();
            var closed = await ledger.ReadShardHistoryAsync(shard, Never).Where(h => h.Closes).Select(h => h.Ordinal).ToHashSetAsync();
            DateTimeOffset Until(int ordinal) =>
                closed.Contains(ordinal) ? default : rows.Where(r => r.Ordinal == ordinal).Max(r => r.ReservedUntil);
            var tasks = rows.ConvertAll(t => $"{images[t.Ordinal].Row.Id} {t with { Ordinal = 0, ReservedUntil = Until(t.Ordinal) }}");
            var history = await ledger.ReadShardEntriesAsync(shard, Never).Select(h =>
            {
                Assert.Equal(images[h.Ordinal].Row.Id, h.Image);
                return $"{h.Image} {h.Version} {h.OperationId} {h.Label} {h.Closes} {Encoding.UTF8.GetString(h.EntryJson)}";
            }).ToListAsync();
            var operations = await ledger.ReadOperationsAsync(shard, Never).SelectMany(o =>
                images.Skip(o.Rows.First).Take(o.Rows.Count).Select(i => $"{o.OperationId} {o.Stamp} {i.Row.Id}").ToAsyncEnumerable())
                .ToListAsync();
            var columns = new Dictionary<string, (string, List<long>)>();
            foreach (var segments in (await ledger.ReadSegmentsAsync(shard, Never)).GroupBy(s => s.Kind))
            {
                var values = new List<long>();
                foreach (var segment in segments.OrderBy(s => s.First))
                {
                    Assert.Equal(values.Count, segment.First);
                    var bytes = await objects.GetAsync(segment.ObjectKey, Never);
                    Assert.True(bytes is not null, $"{segment.ObjectKey} is gone");
                    var header = SegmentFormat.Read(bytes.Value.Span);
                    Assert.Equal((segment.First, segment.Count), (header.First, header.Count));
                    for (var i = 0; i < header.Count; i++)
                        values.Add(BitConverter.ToInt64(bytes.Value.Span[(SegmentFormat.HeaderSize + i * sizeof(long))..]));
                }
                columns[segments.Key] = (Assert.Single(segments.Select(s => s.Version).Distinct()), values);
            }
            var facts = await ledger.ReadFactsAsync(shard, Never).Select(f =>
            {
                if (f.Id.Ordinal >= 0) Assert.Equal(images[f.Id.Ordinal].Row.Id, f.Image);
                return $"{f.Id.Kind} {f.Image} {f.Version} {f.AppendOnly} {f.OperationId} {Encoding.UTF8.GetString(f.Payload!)}";
            }).ToListAsync();
            return new Content(images, tasks, history, operations, facts, columns);
        }

        private sealed class Held(byte[] bytes) : IMemoryOwner<byte>
        {
            public Memory<byte> Memory => bytes;

            public void Dispose() { }
        }
    }
}
