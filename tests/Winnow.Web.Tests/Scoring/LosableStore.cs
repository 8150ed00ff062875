using Minio;
using Minio.DataModel.Args;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Testing;

namespace Winnow.Web.Tests.Scoring;

/// <summary>A server's object store from outside: takes single images from it, or the right to read them, as an operator might.</summary>
internal abstract class LosableStore
{
    /// <summary>What the server is started with.</summary>
    public virtual string[] Options => [];

    /// <summary>The server runs.</summary>
    public virtual void Found(OwnServer server) { }

    /// <summary>Removes the bytes of an image.</summary>
    public abstract Task RemoveAsync(string dataset, ImageId image);

    /// <summary>Makes that these images of a dataset are there and can be read by nobody; none for all that were so before.</summary>
    public abstract Task CloseAsync(string dataset, params ImageId[] images);

    /// <summary>Takes the whole store away, or all rights to it; and gives it back.</summary>
    public abstract Task AwayAsync(string dataset, bool away);

    public static async Task<LosableStore> OpenAsync(bool s3)
    {
        if (!s3) return new Files();
        var postgres = await PostgresServer.SharedAsync();
        return new Bucket(await S3Server.SharedAsync(), S3Server.NewBucket(), await postgres.CreateDatabaseAsync());
    }

    private sealed class Files : LosableStore
    {
        private string _folder = "";

        public override void Found(OwnServer server) => _folder = Path.Combine(server.Folder, "objects");

        public override Task RemoveAsync(string dataset, ImageId image)
        {
            File.Delete(PathOf(dataset, image));
            return Task.CompletedTask;
        }

        public override Task CloseAsync(string dataset, params ImageId[] images)
        {
            foreach (var image in images)
            {
                File.Delete(PathOf(dataset, image));
                // Mode bits stop everybody but root; that a folder is no file, root hears too.
                Directory.CreateDirectory(PathOf(dataset, image));
            }
            return Task.CompletedTask;
        }

        public override Task AwayAsync(string dataset, bool away)
        {
            // As when a disk is not mounted any more: its place is there, and empty.
            if (away)
            {
                Directory.Move(_folder, _folder + ".away");
                Directory.CreateDirectory(_folder);
            }
            else
            {
                Directory.Delete(_folder, recursive: true);
                Directory.Move(_folder + ".away", _folder);
            }
            return Task.CompletedTask;
        }

        private string PathOf(string dataset, ImageId image) => Path.Combine(_folder, ObjectKeys.Image(dataset, image));
    }

    private sealed class Bucket(S3Server server, string bucket, string database) : LosableStore
    {
        public override string[] Options =>
        [
            .. SiloCluster.Options(database, server, bucket),
            "--Cluster:AdvertisedAddress", "127.0.0.1", "--Cluster:SiloPort", Server.FreePort(),
        ];

        public override Task RemoveAsync(string dataset, ImageId image) => WithAsync(client =>
            client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(bucket).WithObject(ObjectKeys.Image(dataset, image))));

        public override Task CloseAsync(string dataset, params ImageId[] images) =>
            DenyAsync([.. images.Select(i => ObjectKeys.Image(dataset, i))]);

        public override Task AwayAsync(string dataset, bool away) => DenyAsync(away ? ["*"] : []);

        private Task DenyAsync(string[] keys) => WithAsync(client => keys.Length == 0
            ? client.RemovePolicyAsync(new RemovePolicyArgs().WithBucket(bucket))
            : client.SetPolicyAsync(new SetPolicyArgs().WithBucket(bucket).WithPolicy(BucketPolicies.Deny(bucket, keys))));

        private async Task WithAsync(Func<IMinioClient, Task> act)
        {
            var address = new Uri(server.Endpoint);
            using var client = new MinioClient().WithEndpoint(address.Authority).WithSSL(false).WithRegion("us-east-1")
                .WithCredentials(server.AccessKey, server.SecretKey).Build();
            await act(client);
        }
    }
}
