using System.Globalization;
using Winnow.Abstractions.Acts;
using Winnow.Abstractions.Images;
using Winnow.Grains.Acts;
using Winnow.Grains.Ports;
using Winnow.Model.Acts;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.CrashHost;

/// <summary>
/// Commits numbered operations from several shards at once. Each operation's rows follow from its shard and number alone, so that whoever
/// checks needs nothing but those.
/// </summary>
public static class LedgerLoad
{
    public const string Dataset = "crash";
    public const int Shards = 4;
    public const int RowsPerOperation = 20;

    public static async Task RunAsync(IDatasetLedger datasets, IShardLedger ledger)
    {
        await datasets.AddDatasetAsync(
            new DatasetInfo(Dataset, new LabelSchema { Classes = [new("a"), new("b")] }, new DatasetSettings { Shards = Shards },
                DateTimeOffset.UnixEpoch, "test"), CancellationToken.None);
        await ((IClusterLevel)ledger).RaiseAsync(ClusterLevels.Newest, CancellationToken.None);
        await Task.WhenAll(Enumerable.Range(0, Shards).Select(shard => Task.Run(() => RunShardAsync(ledger, shard))));
    }

    public static Guid OperationId(int shard, int number) => new(number, (short)shard, 7, [1, 2, 3, 4, 5, 6, 7, 8]);

    public static ImageId Image(int shard, int ordinal) => new((ulong)shard << 62, (ulong)ordinal, 1, 2);

    public static byte[] Entry(int shard, int number) =>
        System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"shard\":{shard},\"number\":{number}}}"));

    /// <summary>What is done by an operation: it says which one, and on what.</summary>
    public static ActRecord Act(int shard, int number) => ActRecords.Make(
        new ActDraft(ActKind.DecisionMade)
        {
            Image = Image(shard, number * RowsPerOperation),
            Of = string.Create(CultureInfo.InvariantCulture, $"{number}"),
            Content = Entry(shard, number),
        }, new ActCaller("test", null), DateTimeOffset.UnixEpoch);

    public static ShardCommit Commit(int shard, long epoch, int number)
    {
        var first = number * RowsPerOperation;
        return new ShardCommit
        {
            Shard = new ShardKey(Dataset, shard),
            Epoch = epoch,
            OperationId = OperationId(shard, number),
            Images = [.. Enumerable.Range(first, RowsPerOperation).Select(o => new ImageRow(o,
                new IngestRow(Image(shard, o), string.Create(CultureInfo.InvariantCulture, $"{o}.png"), "png", 28, 28, 1, 600,
                    Partition.Pool, -1, null), DateTimeOffset.UnixEpoch, "test"))],
            History = [new HistoryRow(Image(shard, first), first, 1, OperationId(shard, number), Entry(shard, number), 0, true,
                Stage.Labeled)],
            Tasks = [new TaskRow(first, "main", number, 0.5f, DateTimeOffset.UnixEpoch)],
            Acts = [Act(shard, number)],
        };
    }

    private static async Task RunShardAsync(IShardLedger ledger, int shard)
    {
        var opened = await ledger.OpenShardAsync(new ShardKey(Dataset, shard), CancellationToken.None);
        for (var number = opened.Images / RowsPerOperation; ; number++)
        {
            var status = await ledger.CommitAsync(Commit(shard, opened.Epoch, number), CancellationToken.None);
            if (status != ShardCommitStatus.Committed)
                throw new InvalidOperationException($"Operation {number} of shard {shard} came out as {status}.");
            // One write per line: the console's own stream is not buffered, so what was said is in the pipe when the process dies.
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{shard} {number}"));
        }
    }
}
