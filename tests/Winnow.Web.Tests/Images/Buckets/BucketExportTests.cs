using Winnow.Model.Images;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>
/// An export that was put into a bucket: a source reads the partition that it is for, and names what it leaves out, in whatever order the
/// objects come.
/// </summary>
[Trait("needs", "s3")]
public sealed class BucketExportTests
{
    private static Task<BucketHost> StartAsync(TestBucket bucket) =>
        BucketHost.StartAsync([.. bucket.HostOptions, "--Sources:ReconcileInterval", "01:00:00", "--Sources:LotSize", "2"]);

    private static string Image(int number) => $"{ImageId.Of(TestBucket.Image(number))}.png";

    private static async Task PutAsync(TestBucket bucket, IEnumerable<string> keys)
    {
        foreach (var (i, key) in keys.Index()) await bucket.PutAsync(key, TestBucket.Image(i));
    }

    [Theory]
    [InlineData(Partition.Pool, "train", "holdout", "")]
    [InlineData(Partition.Pool, "train", "holdout", "deep/er")]
    [InlineData(Partition.Holdout, "holdout", "train", "")]
    public async Task The_other_partition_of_an_export_is_left_out_and_named(
        Partition partition, string read, string other, string prefix)
    {
        using var bucket = await TestBucket.MakeAsync();
        string[] taken =
        [
            $"deep/er/{read}/cat/{Image(0)}", $"deep/er/{other}/cat/plain.png", $"deep/er/not{other}/cat/{Image(2)}",
            $"deep/er/{other}/{Image(3)}", $"deep/er/{other}/cat/kitten/{Image(4)}",
        ];
        string[] left = [$"deep/er/{other}/cat/{Image(5)}", $"deep/er/more/{other}/dog/{Image(6)}"];
        string[] notes = ["deep/er/.winnow-export.jsonl", "deep/er/.winnow-missing-0001.jsonl", $"deep/er/{read}/cat/.winnow-class"];
        await PutAsync(bucket, [.. taken, .. left, .. notes]);
        await using var host = await StartAsync(bucket);
        await host.AddAsync("mixed", bucket, prefix, partition: partition);

        var status = await host.Client.GetSourceAsync("mixed", "pictures");
        Assert.Equal((taken.Length, left.Length, 0L, notes.Length, 0L, null),
            (status.Taken, status.Refused, status.Waiting, status.Placeholders, status.Quarantined, status.LastError));
        Assert.Equal(left.Order(StringComparer.Ordinal), status.LatestRefused.Select(r => r.Key).Order(StringComparer.Ordinal));
        Assert.All(status.LatestRefused, r => Assert.Contains("Add a source for its folder alone", r.Reason, StringComparison.Ordinal));

        // What comes later, and is named by a notification, is held to the same rule.
        var late = $"deep/er/{other}/cat/{Image(99)}";
        await bucket.PutAsync(late, TestBucket.Image(99));
        await host.Client.SyncSourceAsync("mixed", "pictures");
        status = await host.UntilAsync("mixed", s => s.Syncs == 2);
        Assert.Equal((taken.Length, left.Length + 1), (status.Taken, status.Refused));
    }

    [Theory]
    [InlineData("e/holdout/", Partition.Pool, 0)]
    [InlineData("e/hold", Partition.Pool, 0)]
    [InlineData("e/holdout/cat", Partition.Pool, 0)]
    [InlineData("e/holdout/", Partition.Holdout, 1)]
    [InlineData("e/train/", Partition.Pool, 1)]
    [InlineData("e/train/", Partition.Holdout, 1)]
    public async Task A_holdout_is_never_learned_from_whatever_the_prefix(string prefix, Partition partition, int taken)
    {
        using var bucket = await TestBucket.MakeAsync();
        await PutAsync(bucket, [$"e/train/cat/{Image(0)}", $"e/holdout/cat/{Image(1)}"]);
        await using var host = await StartAsync(bucket);
        await host.AddAsync("named", bucket, prefix, partition: partition);
        var status = await host.Client.GetSourceAsync("named", "pictures");
        Assert.Equal((1L, taken, 1 - taken), (status.Listed, status.Taken, status.Refused));
    }
}
