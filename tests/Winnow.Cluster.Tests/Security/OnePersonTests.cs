using System.Net;
using System.Net.Http.Headers;
using Winnow.Client;
using Winnow.Cluster.Tests.Failover;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Training;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.Security;

/// <summary>What one person may take, by way of whichever silo: two on one database know of each other's.</summary>
[Trait("needs", "postgres")]
[Trait("needs", "s3")]
[Collection(ProcessesCollection.Name)]
[Trait("kind", "security")]
public sealed class OnePersonTests(ITestOutputHelper output)
{
    private const string Dataset = "shared";
    private const int PerPerson = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly CreateDataset Creation = new(
        Dataset, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
        new DatasetSettings { Shards = 16, AuditSample = 0, ProjectionDimensions = 16, TasksPerPerson = PerPerson });

    [Fact]
    public async Task Two_silos_give_one_person_no_more_than_one()
    {
        await using var cluster = new SiloCluster(
            await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), await S3Server.SharedAsync(), S3Server.NewBucket());
        try
        {
            await cluster.StartAsync(2, "--Scoring:Workers", "1");
            using var engineer = cluster.NewClient("engineer");
            await engineer.CreateDatasetAsync(Creation);
            await foreach (var result in engineer.ImportAsync(Dataset, DrawnImages.EnumerateAsync(40)))
                Assert.Equal(IngestStatus.Accepted, result.Status);
            await engineer.WaitForScoringAsync(Dataset);
            await engineer.StartRoundAsync(Dataset, new StartRound(20));
            await Until.TrueAsync(async () => (await engineer.GetStatusAsync(Dataset)).OpenTasks == 20, Patience, () => "all shards ask");

            WinnowClient[] ann = [cluster.NewClient("ann", 0), cluster.NewClient("ann", 1)];
            var tasks = await TakeAllAsync(ann);
            await AnswerOnceAsync(ann, tasks[0]);
            await SendLotsAsync(cluster);
            foreach (var client in ann) client.Dispose();
        }
        catch
        {
            output.WriteLine(cluster.Output());
            throw;
        }
    }

    private static async Task<ReviewTask[]> TakeAllAsync(WinnowClient[] ann)
    {
        ReviewTask[] tasks = [];
        await Until.TrueAsync(async () =>
        {
            tasks = [.. await ann[0].LeaseAsync(Dataset, new LeaseRequest(1, 2_000))];
            return tasks.Length > 0;
        }, Patience, () => "there are tasks");
        var more = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => TryAsync(ann[n % 2])));
        tasks = [.. tasks, .. more.SelectMany(m => m)];
        Assert.Equal((PerPerson, PerPerson), (tasks.Length, tasks.Select(t => t.Image).Distinct().Count()));
        foreach (var client in ann)
        {
            var full = await Assert.ThrowsAsync<WinnowApiException>(() => client.LeaseAsync(Dataset, new LeaseRequest(1)));
            Assert.Equal((HttpStatusCode.Conflict, RefusalCodes.TasksHeld), (full.Status, full.Code));
            Assert.Contains($"You hold {PerPerson} review tasks", full.Message, StringComparison.Ordinal);
        }
        return tasks;
    }

    private static async Task<IReadOnlyList<ReviewTask>> TryAsync(WinnowClient client)
    {
        try
        {
            return await client.LeaseAsync(Dataset, new LeaseRequest(2));
        }
        catch (WinnowApiException full) when (full.Code == RefusalCodes.TasksHeld)
        {
            return [];
        }
    }

    /// <summary>Answers under one lease, through both silos at once.</summary>
    private static async Task AnswerOnceAsync(WinnowClient[] ann, ReviewTask task)
    {
        SubmitDecision Said(string label, Guid id) =>
            new(task.Image, id, new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(label)] }, task.Lease);
        SubmitDecision[] Many() => [.. Enumerable.Range(0, 200).Select(_ => Said("disc", Guid.NewGuid()))];
        var answers = await Task.WhenAll(ann.Select(client => client.SubmitAsync(Dataset, Many())));
        var results = answers.SelectMany(r => r).ToArray();
        Assert.Single(results, r => r.Status == SubmitStatus.Recorded);
        Assert.Equal(399, results.Count(r => r.Status == SubmitStatus.Conflict));
        var entry = Assert.Single((await ann[1].GetImageAsync(Dataset, task.Image)).History);
        // Its own operation, once more: recorded before, on whichever silo. With other content: a conflict.
        foreach (var client in ann)
        {
            var again = await client.SubmitAsync(Dataset, [Said("disc", entry.OperationId), Said("bars", entry.OperationId)]);
            Assert.Equal([SubmitStatus.AlreadyRecorded, SubmitStatus.Conflict], again.Select(r => r.Status));
        }
        // There is room for one more by now.
        Assert.Single(await ann[0].LeaseAsync(Dataset, new LeaseRequest(10, 2_000)));
    }

    private static async Task SendLotsAsync(SiloCluster cluster)
    {
        var operation = Guid.NewGuid();
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(cluster.Silos[0], "ann", operation, 100)).Status);
        // Other images, most of which fall into other shards, and the same under another name.
        foreach (var number in Enumerable.Range(100, 8))
        {
            var (status, said) = await SendAsync(cluster.Silos[1], "bob", operation, number);
            Assert.Equal(HttpStatusCode.Conflict, status);
            Assert.Contains($"\"code\":\"{RefusalCodes.OperationConflict}\"", said, StringComparison.Ordinal);
        }
        var (again, answer) = await SendAsync(cluster.Silos[1], "ann", operation, 100);
        Assert.Equal(HttpStatusCode.OK, again);
        Assert.Contains("\"accepted\"", answer, StringComparison.Ordinal);
        Assert.Equal(41, (await cluster.Silos[0].Client.GetStatusAsync(Dataset)).Images);
    }

    private static async Task<(HttpStatusCode Status, string Said)> SendAsync(SiloProcess silo, string actor, Guid operation, int image)
    {
        using var http = new HttpClient { BaseAddress = silo.Url };
        using var form = new MultipartFormDataContent { { new ByteArrayContent(DrawnImages.Draw(image)), "image", $"{image}.png" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/datasets/{Dataset}/images") { Content = form };
        if (silo.Key is { } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Add("Winnow-Actor", actor);
        request.Headers.Add("Idempotency-Key", operation.ToString());
        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
