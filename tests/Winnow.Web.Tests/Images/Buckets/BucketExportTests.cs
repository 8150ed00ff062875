using Winnow.Model.Images;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>An export that was put into a bucket: a source reads the partition that it is for, and names what it leaves out.</summary>
[Trait("needs", "s3")]
public sealed class BucketExportTests
{
    private const string List = ".winnow-export.jsonl";

    private static async Task<BucketHost> StartAsync(TestBucket bucket) =>
        await BucketHost.StartAsync([.. bucket.HostOptions, "--Sources:ReconcileInterval", "01:00:00", "--Sources:LotSize", "2"]);

    private static async Task PutAsync(TestBucket bucket, params string[] keys)
    {
        foreach (var (i, key) in keys.Index())
            await bucket.PutAsync(key, key.EndsWith(List, StringComparison.Ordinal) ? [1] : TestBucket.Image(i));
    }

    [Theory]
    [InlineData(Partition.Pool, "train", "holdout")]
    [InlineData(Partition.Holdout, "holdout", "train")]
    public async Task The_other_partition_of_an_export_is_left_out_and_named(Partition partition, string read, string other)
    {
        using var bucket = await TestBucket.MakeAsync();
        string[] taken =
        [
            "plain/holdout/1.png", "plain/train/2.png", $"deep/er/{read}/cat/3.png", $"{read}/4.png", "unmixed/train/5.png",
            $"deep/er/not{other}/6.png",
        ];
        string[] left = [$"deep/er/{other}/cat/7.png", $"{other}/8.png", $"{other}/plain/9.png"];
        string[] lists = [List, "deep/er/" + List, "unmixed/" + List];
        await PutAsync(bucket, [.. taken, .. left, .. lists]);
        await using var host = await StartAsync(bucket);
        await host.AddAsync("mixed", bucket, partition: partition);

        var status = await host.Client.GetSourceAsync("mixed", "pictures");
        Assert.Equal((taken.Length, left.Length, null), (status.Taken, status.Waiting, status.LastError));
        Assert.Equal(left.Order(StringComparer.Ordinal), status.LatestRefused.Select(r => r.Key).Order(StringComparer.Ordinal));
        Assert.All(status.LatestRefused, r => Assert.Contains("Import it by itself", r.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_source_names_itself_is_read()
    {
        using var bucket = await TestBucket.MakeAsync();
        await PutAsync(bucket, "e/" + List, "e/train/1.png", "e/holdout/2.png");
        await using var host = await StartAsync(bucket);
        await host.AddAsync("named", bucket, "e/holdout/");
        var status = await host.Client.GetSourceAsync("named", "pictures");
        Assert.Equal((1L, 1L, 0L), (status.Listed, status.Taken, status.Refused));
    }
}
