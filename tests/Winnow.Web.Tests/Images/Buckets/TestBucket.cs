using System.Diagnostics;
using System.Globalization;
using Minio;
using Minio.DataModel.Args;
using Minio.DataModel.Notification;
using Winnow.Adapters.Objects.S3;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Web.Tests.Images.Buckets;

/// <summary>A bucket of others on a real server, and what is needed to fill it.</summary>
internal sealed class TestBucket : IDisposable
{
    private const int PutsAtOnce = 16;
    private static readonly byte[] Picture = DrawnImages.Draw(0);

    private readonly IMinioClient _client;

    private TestBucket(S3Server server, string name)
    {
        (Server, Name) = (server, name);
        var address = new Uri(server.Endpoint);
        _client = new MinioClient().WithEndpoint(address.Authority).WithSSL(false).WithRegion("us-east-1")
            .WithCredentials(server.AccessKey, server.SecretKey).Build();
    }

    public S3Server Server { get; }

    public string Name { get; }

    public static async Task<TestBucket> MakeAsync()
    {
        var bucket = new TestBucket(await S3Server.SharedAsync(), S3Server.NewBucket());
        await bucket._client.MakeBucketAsync(new MakeBucketArgs().WithBucket(bucket.Name));
        return bucket;
    }

    /// <summary>Options of a host that may read it under the name <c>photos</c>.</summary>
    public string[] HostOptions =>
        ["--Buckets:photos:Endpoint", Server.Endpoint, "--Buckets:photos:AccessKey", Server.AccessKey, "--Buckets:photos:SecretKey",
            Server.SecretKey];

    /// <summary>An image that differs from those of other numbers, at the cost of a few bytes behind its end.</summary>
    public static byte[] Image(int number) => [.. Picture, .. BitConverter.GetBytes(number)];

    public async Task PutAsync(string key, byte[] content)
    {
        using var stream = new MemoryStream(content);
        await _client.PutObjectAsync(new PutObjectArgs().WithBucket(Name).WithObject(key).WithStreamData(stream)
            .WithObjectSize(content.Length));
    }

    /// <summary>
    /// Puts an object whose key goes out to the letter: the client library takes blanks off the ends of keys and folders out of their
    /// middle.
    /// </summary>
    public async Task PutLiterallyAsync(string key, byte[] content)
    {
        using var connection = new S3Connection(
            new S3EndpointOptions { Endpoint = Server.Endpoint, AccessKey = Server.AccessKey, SecretKey = Server.SecretKey }, "test",
            TimeProvider.System);
        var request = new S3Request(HttpMethod.Put, Name, key) { Body = content };
        await connection.SendAsync(request, S3Answers.NoneAsync, CancellationToken.None);
    }

    public Task RemoveAsync(string key) => _client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(Name).WithObject(key));

    /// <summary>Has nobody read these objects, the owner included; all others may be read.</summary>
    public Task DenyAsync(params string[] keys) => keys.Length == 0
        ? _client.RemovePolicyAsync(new RemovePolicyArgs().WithBucket(Name))
        : _client.SetPolicyAsync(new SetPolicyArgs().WithBucket(Name).WithPolicy(BucketPolicies.Deny(Name, keys)));

    public Task PutImagesAsync(int count, int from, string folder = "in") =>
        Parallel.ForAsync(from, from + count, new ParallelOptions { MaxDegreeOfParallelism = PutsAtOnce },
        async (i, _) => await PutAsync(string.Create(CultureInfo.InvariantCulture, $"{folder}/{i % 7}/{i:D6}.png"), Image(i)));

    /// <summary>The server tells an address of new objects.</summary>
    public async Task NotifyAsync(string address)
    {
        var topic = new TopicConfig(await Server.MakeTopicAsync(Name, address)) { Id = "new" };
        topic.AddEvents([EventType.ObjectCreatedAll]);
        var notification = new BucketNotification();
        notification.AddTopic(topic);
        await _client.SetBucketNotificationsAsync(new SetBucketNotificationsArgs().WithBucket(Name)
            .WithBucketNotificationConfiguration(notification));
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Has a server know the backbone of <see cref="Dataset"/> by a file that is none of a backbone.</summary>
    public static readonly string[] BackboneOptions = ["--Scoring:Backbones:none-here:Path", typeof(TestBucket).Assembly.Location];

    /// <summary>A dataset whose backbone nobody can use: its images are taken in and cost nothing more.</summary>
    public static CreateDataset Dataset(string name) =>
        new(name, new LabelSchema { Classes = [new LabelClass("cat"), new LabelClass("dog")] },
        new DatasetSettings { Shards = 2, Backbone = "none-here" });
}

/// <summary>Counts the requests of this process to one bucket, by the traces of HttpClient: others use the same server meanwhile.</summary>
internal sealed class RequestsTo : IDisposable
{
    private readonly ActivityListener _listener;
    private long _count;

    public RequestsTo(TestBucket bucket)
    {
        var below = $"{bucket.Server.Endpoint.TrimEnd('/')}/{bucket.Name}";
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "System.Net.Http",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("url.full") is string url && url.StartsWith(below, StringComparison.Ordinal))
                    Interlocked.Increment(ref _count);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public long Count => Interlocked.Read(ref _count);

    public void Dispose() => _listener.Dispose();
}
