using System.Collections.Concurrent;
using System.Net;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Web.Tests.Security.Doors;

/// <summary>Attacks on whatever stands behind a door, from outside: what holds on one silo holds on a cluster.</summary>
[Trait("kind", "security")]
public abstract class DoorTests(Door door, ITestOutputHelper output)
{
    private const long MayGrow = 64L << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 16 };

    [Fact]
    public async Task No_request_hides_another()
    {
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(OddRequests.All, AtOnce, async (odd, _) =>
        {
            foreach (var address in door.Addresses)
            {
                var answer = await RawHttp.SendAsync(address, At(address, odd.Value + OddRequests.Hidden));
                if (answer is not { Closed: true, Statuses: [400 or 501 or 505] })
                    wrong.Add($"{odd.Key}: [{string.Join(", ", answer.Statuses)}], {(answer.Closed ? "closed" : "left open")}");
            }
        });
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
        // The hidden one is sound by itself: answered, had it been seen.
        Assert.Equal([200], (await RawHttp.SendAsync(door.Address, At(door.Address, OddRequests.Hidden), answers: 1)).Statuses);
    }

    private static string At(Uri address, string request) =>
        request.Replace("Host: door", $"Host: {address.Authority}", StringComparison.Ordinal);

    [Theory]
    [InlineData("in its first line", "GET /api/v1/who")]
    [InlineData("in its headers", "GET /api/v1/whoami HTTP/1.1\r\nHost: door\r\nAuthoriz")]
    [InlineData("in its body", OddRequests.Post + "Content-Length: 100\r\n\r\n{\"na")]
    [InlineData("in a chunk", OddRequests.Post + "Transfer-Encoding: chunked\r\n\r\n40\r\n{\"na")]
    public async Task Who_stands_still_is_given_up_and_keeps_nobody_waiting(string where, string begun)
    {
        const int Many = 100;
        var still = Enumerable.Range(0, Many).Select(_ => RawHttp.SendAsync(door.Address, At(door.Address, begun))).ToArray();
        Assert.NotNull((await door.Operator.WhoamiAsync()).Principal);
        foreach (var answer in await Task.WhenAll(still)) Assert.True(answer.Closed, $"a caller that stood still {where} was not given up");
    }

    [Fact]
    public async Task Keys_that_were_not_given_open_nothing()
    {
        string[] good = [await door.KeyAsync("service:mutated-a"), await door.KeyAsync("service:mutated-b"), Door.OperatorKey];
        var before = door.Memory();
        await RefuseAllAsync(new Mutations(good).Take(Mutations.Count), async (http, address, key) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/api/v1/whoami"));
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
            using var response = await http.SendAsync(request);
            return response.StatusCode == HttpStatusCode.Unauthorized ? null : $"{(int)response.StatusCode}";
        });
        foreach (var key in good) Assert.NotNull((await door.As(key).WhoamiAsync()).Principal);
        if (door.Memory() - before is not { } grown) return;
        output.WriteLine($"the server's memory after it: {grown / 1024.0 / 1024:+0.0;-0.0} MiB");
        Assert.InRange(grown, long.MinValue, MayGrow);
    }

    [Fact]
    public async Task Leases_that_were_not_given_answer_nothing()
    {
        var dataset = await DatasetAsync("leases-");
        await door.Operator.StartRoundAsync(dataset, new StartRound(10));
        var ann = door.As(await door.HolderAsync("service:ann", dataset, Role.Annotator));
        var bob = door.As(await door.HolderAsync("service:bob", dataset, Role.Annotator));
        var anns = await LeaseAsync(ann, dataset);
        // The first that were there, of four.
        Assert.InRange(anns.Length, 1, 4);

        async Task<string?> SubmitAsync(WinnowClient who, ImageId image, string lease)
        {
            var skip = new Decision { Kind = DecisionKind.Skip };
            try
            {
                var results = await who.SubmitAsync(dataset, [new SubmitDecision(image, Guid.NewGuid(), skip, lease)]);
                return results[0].Status == SubmitStatus.Refused ? null : results[0].Status.ToString();
            }
            catch (WinnowApiException refused)
            {
                return refused.Status == HttpStatusCode.BadRequest ? null : refused.Message;
            }
        }

        var next = 0;
        output.WriteLine($"{Mutations.Count} spoilt leases");
        var wrong = new ConcurrentBag<string>();
        var made = new Mutations([.. anns.Select(t => t.Lease)]).Take(Mutations.Count);
        await Parallel.ForEachAsync(made, AtOnce, async (lease, _) =>
        {
            var image = anns[Interlocked.Increment(ref next) % anns.Length].Image;
            if (await SubmitAsync(ann, image, lease) is { } told) wrong.Add($"{lease}: {told}");
        });
        // One that was given, in other hands and for another image.
        for (var i = 0; i < anns.Length; i++)
        {
            if (await SubmitAsync(bob, anns[i].Image, anns[i].Lease) is { } others) wrong.Add($"in other hands: {others}");
            var other = anns[(i + 1) % anns.Length].Image;
            if (other != anns[i].Image && await SubmitAsync(ann, other, anns[i].Lease) is { } another)
                wrong.Add($"for another image: {another}");
        }
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Take(20)));
        foreach (var task in anns) Assert.Empty((await ann.GetImageAsync(dataset, task.Image)).History);
        Assert.Equal(nameof(SubmitStatus.Recorded), await SubmitAsync(ann, anns[0].Image, anns[0].Lease));
    }

    [Fact]
    public async Task A_page_names_nothing_that_its_reader_may_not_see()
    {
        await DatasetAsync("unseen-a-");
        await DatasetAsync("unseen-b-");
        using var http = new HttpClient { BaseAddress = door.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", await door.KeyAsync("service:sees-nothing"));
        using var answer = await http.GetAsync(new Uri("/api/v1/datasets?limit=1", UriKind.Relative));
        Assert.Equal("[]", await answer.Content.ReadAsStringAsync());
        Assert.False(answer.Headers.Contains("Winnow-Next"));
    }

    [Fact]
    public async Task A_step_within_a_path_leads_to_no_other_operation()
    {
        var dataset = await DatasetAsync("stepped-");
        foreach (var step in new[] { "..", ".", "" })
        {
            await Assert.ThrowsAsync<WinnowApiException>(() => door.Operator.RemoveSourceAsync(dataset, step));
            await Assert.ThrowsAsync<WinnowApiException>(() => door.Operator.GetDatasetAsync(step));
            await Assert.ThrowsAsync<WinnowApiException>(
                () => door.Operator.GrantAccessAsync(step, new GrantAccess(Principal.Parse("service:steps"), Role.Annotator)));
        }
        Assert.Equal(dataset, (await door.Operator.GetDatasetAsync(dataset)).Name);
        Assert.DoesNotContain(await door.Operator.ListAccessAsync("*"), g => g.Principal == Principal.Parse("service:steps"));
    }

    [Fact]
    public async Task Who_waits_for_tasks_and_loses_the_key_or_the_role_gets_none()
    {
        var dataset = await DatasetAsync("waiting-");
        async Task<(WinnowClient Client, Task<IReadOnlyList<ReviewTask>> Waiting, Func<Task> Revoke)> WaitAsync(string who, bool byKey)
        {
            await door.GrantAsync(dataset, who, Role.Annotator);
            var key = await door.Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse(who)));
            var client = door.As(key.Key);
            var waiting = client.LeaseAsync(dataset, new LeaseRequest(2, 30_000));
            var grant = new GrantName(Principal.Parse(who), Role.Annotator);
            return (client, waiting,
                byKey ? () => door.Operator.RevokeKeyAsync(key.Info.Id) : () => door.Operator.RevokeAccessAsync(dataset, grant));
        }

        var (_, first, revokeKey) = await WaitAsync("service:waits-a", byKey: true);
        var (_, second, revokeRole) = await WaitAsync("service:waits-b", byKey: false);
        await revokeKey();
        await revokeRole();
        await door.Operator.StartRoundAsync(dataset, new StartRound(10));
        // One that had not come in by then hears of no key, or of no dataset.
        HttpStatusCode[] shut = [HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.Unauthorized];
        foreach (var waiting in new[] { first, second })
            Assert.Contains((await Assert.ThrowsAsync<WinnowApiException>(() => waiting)).Status, shut);
        // What they were to get is there for others.
        var other = door.As(await door.HolderAsync("service:waits-c", dataset, Role.Annotator));
        Assert.NotEmpty(await LeaseAsync(other, dataset));
    }

    private static async Task<ReviewTask[]> LeaseAsync(WinnowClient client, string dataset)
    {
        ReviewTask[] tasks = [];
        async Task<bool> HasSomeAsync() => (tasks = [.. await client.LeaseAsync(dataset, new LeaseRequest(4, 10_000))]).Length > 0;
        await Until.TrueAsync(HasSomeAsync, TimeSpan.FromMinutes(3), () => "there are tasks");
        return tasks;
    }

    private async Task<string> DatasetAsync(string prefix)
    {
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        var dataset = prefix + Guid.NewGuid().ToString("n")[..8];
        await door.Operator.CreateDatasetAsync(new CreateDataset(dataset, schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
        await foreach (var _ in door.Operator.ImportAsync(dataset, DrawnImages.EnumerateAsync(20)))
        {
        }
        await door.Operator.WaitForScoringAsync(dataset);
        return dataset;
    }

    /// <summary>Tries each token at one of the doors in turn; an attempt gives what was wrong with the answer, or null.</summary>
    protected async Task RefuseAllAsync(IEnumerable<string> tokens, Func<HttpClient, Uri, string, Task<string?>> attempt)
    {
        using var http = new HttpClient { Timeout = Patience };
        var wrong = new ConcurrentBag<string>();
        var tried = 0;
        await Parallel.ForEachAsync(tokens, AtOnce, async (token, _) =>
        {
            var address = door.Addresses[Interlocked.Increment(ref tried) % door.Addresses.Count];
            if (await attempt(http, address, token) is { } told) wrong.Add($"{token}: {told}");
        });
        output.WriteLine($"{tried} spoilt tokens");
        Assert.True(wrong.IsEmpty, $"{wrong.Count} of {tried}:\n{string.Join('\n', wrong.Take(20))}");
        Assert.True(tried > 0, "nothing was tried");
    }
}
