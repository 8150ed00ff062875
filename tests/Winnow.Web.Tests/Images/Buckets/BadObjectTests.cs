using System.Globalization;
using System.Security;
using System.Xml.Linq;
using Winnow.Client;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>
/// What is wrong with single objects of a bucket, or for a while with all of them: each is named with its reason, the others are taken, and
/// what was there to take is taken once it can be. Where the real server cannot be brought to it, <see cref="BucketProxy"/> stands before
/// it.
/// </summary>
[Trait("needs", "s3")]
public sealed class BadObjectTests
{
    private const string Name = "odd";
    private static readonly string[] Rarely = ["--Sources:ReconcileInterval", "01:00:00", "--Buckets:photos:RetryFor", "00:00:01"];

    /// <summary>Keys that servers take and that something on the way may trip over.</summary>
    private static readonly string[] OddKeys =
    [
        "a b.png", " begins and ends with blanks.png ", "a+b.png", "a%2Bb.png", "a%.png", "100%25.png", "ü/ß/日本/🖼.png", "e\u0301.png",
        "line\nend.png", "tab\tin.png", "return\rin.png", "bell\u0007.png", "del\u007f.png", "c1\u0085.png", "//two/slashes.png",
        "a//b.png", "./dot.png", "a/../up.png", "..", "<x>&amp;\"'.png", "ends/with/slash/", "?query=1&x.png", "#fragment.png",
        "back\\slash.png", "~!@$^*(){}[]|;:,.png", "zero\u200bwidth.png", "\u202egnp.exe", " ", "\u00a0",
    ];

    [Fact]
    public async Task What_may_not_be_read_is_archived_gone_or_too_large_is_named_and_all_others_are_taken()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var proxy = await BucketProxy.StartAsync(bucket);
        await using var host = await BucketHost.StartAsync(
            [.. proxy.HostOptions(bucket.Server), .. Rarely, "--Images:MaxBytes", "5000", "--Sources:LotSize", "4"]);
        for (var i = 0; i < 20; i++) await bucket.PutAsync(Key(i), TestBucket.Image(i));
        await bucket.PutAsync("large.png", new byte[5_001]);
        // The real server refuses these by a policy; the archive is the proxy's, as this server has none.
        await bucket.DenyAsync(Key(3), Key(17));
        foreach (var cold in new[] { Key(5), Key(6) }) proxy.Refused[cold] = (403, "InvalidObjectState");
        proxy.BeforeRead = async key =>
        {
            if (key == Key(9)) await bucket.RemoveAsync(key);
        };
        await host.AddAsync(Name, bucket);

        var status = await host.Client.GetSourceAsync(Name, "pictures");
        Assert.Equal((21L, 15L, 5L, 4L, 1L, null),
            (status.Listed, status.Taken, status.Refused, status.Waiting, status.Vanished, status.LastError));
        var named = status.LatestRefused.ToDictionary(r => r.Key, r => r.Reason);
        Assert.Equal([.. new[] { 3, 5, 6, 9, 17 }.Select(Key), "large.png"], named.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("5001 bytes and the limit is 5000", named["large.png"], StringComparison.Ordinal);
        Assert.All([3, 17], i => Assert.Contains("may not do this", named[Key(i)], StringComparison.Ordinal));
        Assert.All([5, 6], i => Assert.Contains("archived: restore it", named[Key(i)], StringComparison.Ordinal));
        Assert.Contains("gone", named[Key(9)], StringComparison.Ordinal);

        // Restored and opened, they come with the next reading that somebody asks for, and are not among the refused any more.
        proxy.Refused.Clear();
        await bucket.DenyAsync();
        await host.Client.SyncSourceAsync(Name, "pictures");
        status = await host.UntilAsync(Name, s => s.Syncs == 2);
        Assert.Equal((19L, 0L, 0L), (status.Taken, status.Waiting, status.Duplicates));
        Assert.Equal(["large.png", Key(9)], status.LatestRefused.Select(r => r.Key).OrderDescending(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_the_own_store_cannot_keep_waits_and_comes_when_that_is_mended()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, .. Rarely]);
        for (var i = 0; i < 4; i++) await bucket.PutAsync(Key(i), TestBucket.Image(i));
        var place = Path.Combine(host.Folder, "objects", ObjectKeys.Image(Name, ImageId.Of(TestBucket.Image(2))));
        Directory.CreateDirectory(place);
        await host.AddAsync(Name, bucket);
        var status = await host.Client.GetSourceAsync(Name, "pictures");
        Assert.Equal((4L, 3L, 3L, 1L, null), (status.Listed, status.Taken, status.Known, status.Waiting, status.LastError));
        var refused = Assert.Single(status.LatestRefused);
        Assert.Equal(Key(2), refused.Key);
        Assert.Contains("a folder stands where its file belongs", refused.Reason, StringComparison.Ordinal);

        Directory.Delete(place);
        await host.Client.SyncSourceAsync(Name, "pictures");
        status = await host.UntilAsync(Name, s => s.Syncs == 2);
        Assert.Equal((4L, 4L, 0L), (status.Taken, status.Known, status.Waiting));
        Assert.Empty(status.LatestRefused);
    }

    [Fact]
    public async Task What_is_there_otherwise_is_counted_and_named_with_how_it_stands()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, .. Rarely]);
        await host.Client.CreateDatasetAsync(TestBucket.Dataset(Name));
        await foreach (var _ in host.Client.ImportAsync(Name, Held()))
        {
        }
        await bucket.PutAsync("same.png", TestBucket.Image(0));
        await bucket.PutAsync("other.png", TestBucket.Image(1));
        await bucket.PutAsync("part.png", TestBucket.Image(2));
        await bucket.PutAsync("a/new.png", TestBucket.Image(3));
        await bucket.PutAsync("b/again.png", TestBucket.Image(3));
        await bucket.PutLiterallyAsync("line\nend.png", TestBucket.Image(4));
        await host.Client.AddSourceAsync(Name, new BucketSource("pictures", bucket.Name, "", "photos", false));
        var status = await host.UntilAsync(Name, s => s.Syncs >= 1);
        Assert.Equal((2L, 4L, 1L, 3L), (status.Taken, status.Duplicates, status.InOtherPartition, status.StoredOtherwise));
        var noted = status.LatestNoted.ToDictionary(n => n.Key, n => n.Reason);
        Assert.Equal(["b/again.png", "line\nend.png", "other.png", "part.png"], noted.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("It is stored as a/new.png.", noted["b/again.png"]);
        Assert.Equal("It is stored as line%0Aend.png.", noted["line\nend.png"]);
        Assert.Equal("It is stored as one.png.", noted["other.png"]);
        Assert.Contains("in the holdout already", noted["part.png"], StringComparison.Ordinal);
        var told = await CliProcess.RunAsync(host.Address, [], "sources", "status", Name, "pictures");
        Assert.Contains("  3 stored under another name", told.Output, StringComparison.Ordinal);
        Assert.Contains("  other.png: It is stored as one.png.", told.Output, StringComparison.Ordinal);

        static async IAsyncEnumerable<ImageToImport> Held()
        {
            foreach (var (i, name) in new[] { "same.png", "one.png", "part.png" }.Index())
            {
                yield return new ImageToImport(
                    name, _ => ValueTask.FromResult<ReadOnlyMemory<byte>>(TestBucket.Image(i)), null,
                    i == 2 ? Partition.Holdout : Partition.Pool);
            }
            await Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Odd_keys_come_as_they_are(bool notEncoded)
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var proxy = await BucketProxy.StartAsync(bucket);
        if (notEncoded) proxy.Listing = WithoutEncoding;
        await using var host = await BucketHost.StartAsync([.. proxy.HostOptions(bucket.Server), .. Rarely]);
        var keys = OddKeys.Append($"{new string('k', 1_000)}/long.png").ToArray();
        for (var i = 0; i < keys.Length; i++) await bucket.PutLiterallyAsync(keys[i], TestBucket.Image(i));
        await bucket.PutLiterallyAsync("folder/", []);
        await bucket.PutLiterallyAsync("hadoop_$folder$", []);
        await bucket.PutAsync("plain.png", TestBucket.Image(keys.Length));
        await host.AddAsync(Name, bucket);

        var status = await host.Client.GetSourceAsync(Name, "pictures");
        Assert.True(status.LatestRefused.Count == 0, string.Join('\n', status.LatestRefused));
        Assert.Equal((keys.Length + 3L, keys.Length + 1L, 2L, 0L), (status.Listed, status.Taken, status.Placeholders, status.Vanished));
        // A second reading knows them all by their keys.
        await host.Client.SyncSourceAsync(Name, "pictures");
        status = await host.UntilAsync(Name, s => s.Syncs == 2);
        Assert.Equal((keys.Length + 1L, 0L), (status.Taken, status.Duplicates));
    }

    [Theory]
    [InlineData("", "d/x.png d\\x.png d//x.png d/./x.png lead.png /lead.png c.png ./c.png back.png \\back.png")]
    [InlineData("in", "in/x.png in//x.png in/./x.png in/\\x.png")]
    [InlineData("in/", "in/x.png in//x.png in/./x.png in/\\x.png")]
    public async Task Objects_of_different_keys_are_images_of_different_names(string prefix, string text)
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var host = await BucketHost.StartAsync([.. bucket.HostOptions, .. Rarely]);
        var keys = text.Split(' ');
        for (var i = 0; i < keys.Length; i++) await bucket.PutLiterallyAsync(keys[i], TestBucket.Image(i));
        await host.AddAsync(Name, bucket, prefix);
        var names = new List<string>();
        await foreach (var image in host.Client.ListImagesAsync(Name)) names.Add(image.Name);
        Assert.True(names.Distinct().Count() == keys.Length, string.Join('\n', names));
        var noted = (await host.Client.GetSourceAsync(Name, "pictures")).LatestNoted.ToDictionary(n => n.Key, n => n.Reason);
        if (prefix.Length == 0)
        {
            Assert.Equal("It is stored as %2Flead.png.", noted["/lead.png"]);
            Assert.Equal("It is stored as d%5Cx.png.", noted["d\\x.png"]);
            Assert.False(noted.ContainsKey("lead.png"));
        }
        else
        {
            Assert.Contains("x.png", names);
            Assert.Equal("It is stored as %2Fx.png.", noted["in//x.png"]);
        }

        await host.Client.SyncSourceAsync(Name, "pictures");
        var status = await host.UntilAsync(Name, s => s.Syncs == 2);
        Assert.Equal((keys.Length, 0L), (status.Taken, status.Duplicates));
    }

    [Fact]
    public async Task A_bucket_that_is_busy_is_tried_again_soon_and_says_so_meanwhile()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var proxy = await BucketProxy.StartAsync(bucket);
        await using var host = await BucketHost.StartAsync([.. proxy.HostOptions(bucket.Server), .. Rarely]);
        await host.AddAsync(Name, bucket);
        await bucket.PutImagesAsync(50, 0);
        proxy.Busy = true;
        await host.Client.SyncSourceAsync(Name, "pictures");
        var busy = await host.UntilAsync(Name, s => s.LastError is not null);
        Assert.Contains("SlowDown", busy.LastError, StringComparison.Ordinal);
        // It stays said through the tries that follow.
        var answers = proxy.BusyAnswers;
        await Until.TrueAsync(() => Task.FromResult(proxy.BusyAnswers > answers + 5), TimeSpan.FromMinutes(1), () => "it is tried again");
        Assert.NotNull((await host.Client.GetSourceAsync(Name, "pictures")).LastError);

        proxy.Busy = false;
        var well = await host.UntilAsync(Name, s => s.Syncs == 2 && s.LastError is null);
        Assert.Equal((50L, 0L, 0L), (well.Taken, well.Refused, well.Vanished));
    }

    [Theory]
    [InlineData(503, "SlowDown")]
    [InlineData(500, "InternalError")]
    [InlineData(404, null)]
    [InlineData(502, null)]
    public async Task Objects_that_fail_for_a_while_hold_up_no_others_and_come_when_they_can(int status, string? code)
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var proxy = await BucketProxy.StartAsync(bucket);
        await using var host = await BucketHost.StartAsync([.. proxy.HostOptions(bucket.Server), .. Rarely]);
        for (var i = 0; i < 12; i++) await bucket.PutAsync(Key(i), TestBucket.Image(i));
        foreach (var slow in new[] { Key(2), Key(7) }) proxy.Refused[slow] = (status, code);
        await host.AddAsync(Name, bucket);
        var waiting = await host.UntilAsync(Name, s => s.Taken == 10 && s.LastError is not null);
        Assert.Contains("2 objects could not be read and are tried again", waiting.LastError, StringComparison.Ordinal);
        // What is not certain to be gone is not counted as gone.
        Assert.Equal(0, waiting.Vanished);

        proxy.Refused.Clear();
        var well = await host.UntilAsync(Name, s => s.Taken == 12 && s.LastError is null);
        Assert.Equal((0L, 0L, 0L, 1L), (well.Duplicates, well.Refused, well.Vanished, well.Syncs));
    }

    [Fact]
    public async Task Objects_that_never_come_are_named_and_wait()
    {
        using var bucket = await TestBucket.MakeAsync();
        await using var proxy = await BucketProxy.StartAsync(bucket);
        await using var host = await BucketHost.StartAsync(
            [.. proxy.HostOptions(bucket.Server), "--Sources:ReconcileInterval", "01:00:00", "--Buckets:photos:RetryFor", "00:00:00"]);
        for (var i = 0; i < 12; i++) await bucket.PutAsync(Key(i), TestBucket.Image(i));
        proxy.Refused[Key(4)] = (500, "InternalError");
        await host.AddAsync(Name, bucket);
        var status = await host.UntilAsync(Name, s => s.Taken == 11 && s.Waiting == 1 && s.LastError is null);
        var named = Assert.Single(status.LatestRefused);
        Assert.Equal(Key(4), named.Key);
        Assert.Contains("could not be read in 5 tries", named.Reason, StringComparison.Ordinal);
    }

    private static string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"in/{number:D3}.png");

    /// <summary>A listing as servers write it that know no encoding-type: keys as they are, what XML forbids as a reference.</summary>
    private static string WithoutEncoding(string listing)
    {
        var root = XDocument.Parse(listing).Root!;
        var ns = root.Name.Namespace;
        root.Element(ns + "EncodingType")?.Remove();
        var keys = root.Descendants(ns + "Key").ToArray();
        var plain = keys.Select(k => Uri.UnescapeDataString(k.Value.Replace('+', ' '))).ToArray();
        string Place(int i) => string.Create(CultureInfo.InvariantCulture, $"[key {i}]");
        for (var i = 0; i < keys.Length; i++) keys[i].Value = Place(i);
        var text = root.ToString(SaveOptions.DisableFormatting);
        for (var i = 0; i < keys.Length; i++)
            text = text.Replace(Place(i), string.Concat(plain[i].Select(Escaped)), StringComparison.Ordinal);
        return text;
    }

    private static string Escaped(char c) => c is < ' ' or (>= '\u007f' and < '\u00a0')
        ? string.Create(CultureInfo.InvariantCulture, $"&#x{(int)c:x};") : SecurityElement.Escape(c.ToString())!;
}
