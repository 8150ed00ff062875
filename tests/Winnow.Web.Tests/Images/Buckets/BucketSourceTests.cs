using System.Globalization;
using System.Net;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>A bucket on a real server becomes images of a dataset.</summary>
[Trait("needs", "s3")]
public sealed class BucketSourceTests(ITestOutputHelper output)
{
    private static readonly string[] Rarely = ["--Sources:ReconcileInterval", "01:00:00"];

    /// <summary>2,000 objects unless told otherwise: <c>WINNOW_BUCKET_OBJECTS=20000</c>.</summary>
    private static readonly int Objects =
        int.Parse(Environment.GetEnvironmentVariable("WINNOW_BUCKET_OBJECTS") ?? "2000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_second_sync_costs_what_is_new()
    {
        using var bucket = await TestBucket.MakeAsync();
        await bucket.PutImagesAsync(Objects, 0);
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, .. Rarely]);
        using var requests = new RequestsTo(bucket);
        await host.AddAsync("big", bucket, "in/");
        var first = requests.Count;
        var status = await host.Client.GetSourceAsync("big", "pictures");
        Assert.Equal((Objects, Objects, Objects, 0L, 0L), (status.Listed, status.Known, status.Taken, status.Refused, status.Duplicates));
        Assert.Equal(Objects, (await host.Client.GetStatusAsync("big")).Images);

        var more = Objects / 200;
        await bucket.PutImagesAsync(more, Objects);
        await bucket.PutImagesAsync(5, 0, "elsewhere");
        var before = requests.Count;
        await host.Client.SyncSourceAsync("big", "pictures");
        status = await host.UntilAsync("big", s => s.Syncs == 2);
        // The test's own puts went through another HttpClient of this process, before the count.
        var second = requests.Count - before;
        output.WriteLine($"{first} requests for {Objects} objects, {second} for {more} new ones: {100.0 * second / first:0.00} %");
        Assert.Equal(Objects + more, status.Taken);
        Assert.True(second <= first * 0.02, $"{second} requests of the second sync against {first} of the first");
    }

    [Fact]
    public async Task A_killed_silo_goes_on_in_the_middle_of_the_first_sync()
    {
        const int Count = 1_200;
        using var bucket = await TestBucket.MakeAsync();
        await bucket.PutImagesAsync(Count, 0);
        await SiloCluster.PrepareAsync();
        await using var silo = new SiloProcess(new SiloProcessOptions
        {
            Arguments =
            [
                .. bucket.HostOptions, .. TestBucket.BackboneOptions, .. Rarely, "--Sources:LotSize", "50", "--Sources:Concurrency", "2",
            ],
        });
        await silo.StartAgainAsync();
        await silo.Client.CreateDatasetAsync(TestBucket.Dataset("killed"));
        await silo.Client.AddSourceAsync("killed", new BucketSource("pictures", bucket.Name, "", "photos"));
        SourceStatus status = null!;
        for (var kills = 1; kills <= 2; kills++)
        {
            var enough = kills * 200;
            await Until.TrueAsync(async () => (status = await silo.Client.GetSourceAsync("killed", "pictures")).Known >= enough,
                TimeSpan.FromMinutes(2), () => $"{enough} objects are known: {status}\n{silo.Output}");
            Assert.Equal(0, status.Syncs);
            await silo.KillAsync();
            await silo.StartAgainAsync();
            Assert.InRange((await silo.Client.GetSourceAsync("killed", "pictures")).Known, status.Known, Count);
        }
        await Until.TrueAsync(async () => (status = await silo.Client.GetSourceAsync("killed", "pictures")).Syncs == 1,
            TimeSpan.FromMinutes(3), () => $"the bucket was read: {status}\n{silo.Output}");
        // One that had begun anew would have taken some twice.
        Assert.Equal((Count, Count, Count, 0L), (status.Listed, status.Known, status.Taken, status.Duplicates));
        Assert.Equal(Count, (await silo.Client.GetStatusAsync("killed")).Images);
    }

    [Fact]
    public async Task What_a_notification_lost_is_found_at_the_next_interval()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, "--Sources:ReconcileInterval", "00:00:02"]);
        await host.AddAsync("lost", bucket);
        await bucket.PutAsync("new.png", TestBucket.Image(1));
        var found = await Until.TrueAsync(async () => (await host.Client.GetSourceAsync("lost", "pictures")).Taken == 1,
            TimeSpan.FromSeconds(30), () => "the object was found");
        output.WriteLine($"found after {found.TotalSeconds:0.0} s of an interval of 2 s");
        Assert.Equal(0, (await host.Client.GetSourceAsync("lost", "pictures")).Notified);
    }

    [Fact]
    public async Task Labels_names_and_odd_keys_come_as_they_are_and_what_cannot_be_taken_is_told()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, .. Rarely, "--Images:MaxBytes", "5000"]);
        await bucket.PutAsync("set/cat/1.png", TestBucket.Image(1));
        await bucket.PutAsync("set/a b+ü%20/dog/2 .png", TestBucket.Image(2));
        await bucket.PutAsync("set/bird/3.png", TestBucket.Image(3));
        await bucket.PutAsync("set/large.png", new byte[5_001]);
        await bucket.PutAsync("set/no-image.txt", [1, 2, 3]);
        await bucket.PutAsync("set/again.png", TestBucket.Image(1));
        await bucket.PutAsync("set/folder/", []);
        await bucket.PutAsync("other/4.png", TestBucket.Image(4));
        await host.AddAsync("odd", bucket, "set/", labels: true);
        var status = await host.Client.GetSourceAsync("odd", "pictures");
        Assert.Equal((7L, 6L, 3L, 1L, 1L, 1L),
            (status.Listed, status.Known, status.Taken, status.Duplicates, status.Quarantined, status.Refused));
        var refused = Assert.Single(status.LatestRefused);
        Assert.Equal("set/large.png", refused.Key);
        Assert.Contains("5001 bytes", refused.Reason, StringComparison.Ordinal);
        var images = new Dictionary<string, string?>();
        await foreach (var image in host.Client.ListImagesAsync("odd")) images[image.Name] = image.Label;
        // Another key may end in a blank there, which is %20 in a name.
        Assert.Equal("dog", images["a b+ü%2520/dog/2 .png"]);
        Assert.Contains(images, i => i.Key.EndsWith("bird/3.png", StringComparison.Ordinal) && i.Value is null);

        // An object that is replaced is a new version, and its bytes a new image.
        await bucket.PutAsync("set/cat/1.png", TestBucket.Image(5));
        await host.Client.SyncSourceAsync("odd", "pictures");
        status = await host.UntilAsync("odd", s => s.Syncs == 2);
        Assert.Equal((4L, 7L, 1L), (status.Taken, status.Known, status.Refused));
    }

    [Fact]
    public async Task Objects_in_no_folder_are_counted_and_named_where_folders_are_labels()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, .. Rarely]);
        string[] keys = ["root.png", ".thumbs/1.png", "cat/2.png"];
        foreach (var (i, key) in keys.Index()) await bucket.PutAsync(key, TestBucket.Image(i));
        await host.AddAsync("rooted", bucket, labels: true);
        var status = await host.Client.GetSourceAsync("rooted", "pictures");
        Assert.Equal((3L, 2L), (status.Taken, status.LabelsNotTaken));
        Assert.Equal([".thumbs/1.png", "root.png"], status.LatestNoted.Select(n => n.Key).Order(StringComparer.Ordinal));
        Assert.All(status.LatestNoted, n => Assert.Contains("lies in no folder that names a class", n.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sources_are_added_once_and_only_where_the_operator_allows()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, .. Rarely, "--Buckets:photos:Buckets:0", bucket.Name]);
        var added = await host.AddAsync("mine", bucket);
        Assert.NotNull(added.NotificationPath);
        var again = await host.Client.AddSourceAsync("mine", added.Source);
        Assert.Equal((added.Source, null), (again.Source, again.NotificationPath));
        Assert.NotEqual(added.NotificationPath, (await host.Client.RenewNotificationPathAsync("mine", "pictures")).NotificationPath);

        foreach (var (source, reason) in new[]
        {
            (added.Source with { Prefix = "other/" }, "already"),
            (added.Source with { Name = "two", Bucket = "not-allowed" }, "may not be read"),
            (added.Source with { Name = "two", Server = "elsewhere" }, "no server 'elsewhere'"),
            (added.Source with { Name = "two", Server = null }, "must name a server"),
            (added.Source with { Name = "two", Server = "http://10.0.0.1" }, "configured server"),
            (added.Source with { Name = "Not A Name" }, "source's name"),
            (added.Source with { Name = "two", Bucket = "../up" }, "bucket's name"),
        })
        {
            var refused = await Assert.ThrowsAsync<WinnowApiException>(() => host.Client.AddSourceAsync("mine", source));
            Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        }
        await bucket.PutAsync("1.png", TestBucket.Image(1));
        await host.Client.SyncSourceAsync("mine", "pictures");
        await host.UntilAsync("mine", s => s.Taken == 1);
        await host.Client.RemoveSourceAsync("mine", "pictures");
        Assert.Empty(await host.Client.ListSourcesAsync("mine"));
        Assert.Equal(HttpStatusCode.NotFound,
            (await Assert.ThrowsAsync<WinnowApiException>(() => host.Client.SyncSourceAsync("mine", "pictures"))).Status);
        // It is forgotten, so one that is added again looks at everything, and finds it there.
        await host.Client.AddSourceAsync("mine", added.Source);
        var status = await host.UntilAsync("mine", s => s.Syncs == 1);
        Assert.Equal((1L, 0L, 1L), (status.Listed, status.Taken, status.Duplicates));
    }

    [Fact]
    public async Task Without_a_bucket_of_its_own_a_server_says_that_it_has_no_links()
    {
        await using var host = await BucketHost.StartAsync();
        await host.Client.CreateDatasetAsync(TestBucket.Dataset("files"));
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => host.Client.PrepareUploadsAsync("files", 1));
        Assert.Equal(HttpStatusCode.NotImplemented, refused.Status);
        Assert.Contains("configure S3", refused.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound,
            (await Assert.ThrowsAsync<WinnowApiException>(() => host.Client.GetImageUrlAsync("files", ImageId.Of([1])))).Status);
    }
}
