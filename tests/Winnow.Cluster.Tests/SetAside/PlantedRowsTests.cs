using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Winnow.Client;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Health;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Cluster.Tests.SetAside;

/// <summary>
/// Nothing that a stored row says may make a server unable to start. Each kind of row is damaged in each way, in a dataset of its own,
/// while no server runs; then one starts over all of them, serves what is sound, names the rest, and what it names is deleted.
/// </summary>
[Trait("kind", "security")]
public sealed class PlantedRowsTests(ITestOutputHelper output)
{
    private const string Operator = "the-operators-key-of-planted-rows";
    private const string Template = "sound";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_server_starts_over_whatever_its_file_says()
    {
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Key = Operator, Arguments = Arguments });
        await RunAsync(silo, new PlantedLedger.Sqlite(silo.Folder));
    }

    [Fact]
    [Trait("kind", "long")]
    [Trait("needs", "postgres")]
    [Trait("needs", "s3")]
    public async Task A_server_starts_over_whatever_its_database_says()
    {
        var postgres = await PostgresServer.SharedAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using var cluster = new SiloCluster(database, await S3Server.SharedAsync(), S3Server.NewBucket());
        await SiloCluster.PrepareAsync();
        var silo = cluster.Add(Arguments, new SiloProcessOptions { Key = Operator });
        await silo.StartAgainAsync();
        await RunAsync(silo, new PlantedLedger.Postgres(postgres, database));
    }

    private static string[] Arguments { get; } =
    [
        "--Api:Key", Operator, "--Api:Limits:PerSecond", "100000", "--Api:Limits:RefusalsPerMinute", "1000000", "--Scoring:Workers", "1",
    ];

    private async Task RunAsync(SiloProcess silo, PlantedLedger ledger)
    {
        try
        {
            await RunInTurnAsync(silo, ledger);
        }
        catch
        {
            output.WriteLine(silo.Output.Length > 3_000 ? silo.Output[^3_000..] : silo.Output);
            throw;
        }
    }

    private async Task RunInTurnAsync(SiloProcess silo, PlantedLedger ledger)
    {
        // Before that, rounds are told in the dataset's state, and there are no records of them to damage.
        await silo.LevelIsRaisedAsync();
        var people = await FillAsync(silo.Client);
        await silo.TerminateAsync();
        // Of people's rights all: whom they let in is asked below.
        var kinds = Damages.Of(ledger.HoldsAnyText).ToLookup(d => d.Dataset?.StartsWith("access-", StringComparison.Ordinal) == true);
        Damage[] damages = [.. SomePlaces.Of([.. kinds[false]]), .. kinds[true], .. OfNoDataset(people)];
        // Six pictures are too few to learn from, so that there is no state of the dataset's own yet.
        await ledger.PutStateAsync("dataset", Template,
            "'{\"learning\":{\"sequence\":0,\"auditDrawn\":false},\"rounds\":[],\"versions\":[]}'");
        foreach (var damage in damages)
        {
            if (damage.Dataset is { } dataset) await ledger.CopyAsync(Template, dataset);
            await damage.Do(ledger);
        }
        await silo.StartAgainAsync();
        await SoundIsServedAsync(silo.Client);
        var wanted = damages.Select(d => d.Named).OfType<(string, string)>()
            .Select(n => $"{n.Item1} {n.Item2}").Order(StringComparer.Ordinal).ToArray();
        string[] named = [];
        await Until.TrueAsync(async () =>
        {
            named = [.. (await silo.Client.ListSetAsideAsync()).Select(NameOf).Order(StringComparer.Ordinal)];
            return named.SequenceEqual(wanted);
        }, Limit, () => "just what was damaged is set aside.\n"
            + $"Missing: {string.Join(", ", wanted.Except(named))}\nToo many: {string.Join(", ", named.Except(wanted))}");
        output.WriteLine($"{damages.Length} damaged rows, {wanted.Length} of them set aside and named");
        await ToldOnTheHealthPageAsync(silo, wanted);
        await NobodyIsLetInAsync(silo, people);
        foreach (var damage in damages)
            if (damage is { Dataset: { } dataset, Named: null or ("tasks", _) or ("state", _) } && !IsDatasetsOwn(damage))
                Assert.Equal(6, (await silo.Client.GetStatusAsync(dataset)).Images);
        await DiscardAsync(silo, damages);
        Assert.Empty(await silo.Client.ListSetAsideAsync());
        await silo.TerminateAsync();
        await silo.StartAgainAsync();
        foreach (var dataset in await silo.Client.ListDatasetsAsync()) await silo.Client.GetStatusAsync(dataset.Name);
        Assert.Empty(await silo.Client.ListSetAsideAsync());
        await SoundIsServedAsync(silo.Client);
        // A new key is listed beside those that were there.
        Assert.Contains(people.Viewer.Info.Id, (await silo.Client.ListKeysAsync()).Select(k => k.Id));
    }

    private sealed record People(CreatedApiKey Viewer, CreatedApiKey Owner, CreatedApiKey Broken);

    private static IEnumerable<Damage> OfNoDataset(People people)
    {
        yield return new Damage(null, l => l.PutStateAsync("access", AccessScope.Cluster, "'{\"grants\":[null]}'"), ("state", "access/*"));
        var key = people.Broken.Info.Id;
        yield return new Damage(null, l => l.PutStateAsync("api-key", key, "'{\"info\":{}}'"), ("state", $"api-key/{key}"));
        yield return new Damage(null, l => l.PutStateAsync("api-keys", "0", "'[1]'"), ("state", "api-keys/0"));
        // Names that no request could give.
        foreach (var name in new[] { new string('x', 5_000), new string('\u6F22', 5_000), "odd\n\u202E/../\u200B;name" })
            yield return new Damage(null,
                l => l.ExecuteAsync($"INSERT INTO dataset (name, info) VALUES ('{name}', {l.ToInfo("'null'")})"), ("dataset", name));
        yield return new Damage(null, l => l.ExecuteAsync($"UPDATE secret SET value = {l.Bytes("00")}"), ("secret", "lease"));
    }

    /// <summary>A dataset with images, an answer, a round and people; and keys.</summary>
    private static async Task<People> FillAsync(WinnowClient client)
    {
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        await client.CreateDatasetAsync(new CreateDataset(Template, schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
        await foreach (var result in client.ImportAsync(Template, DrawnImages.EnumerateAsync(6))) Assert.NotNull(result.Id);
        await client.WaitForScoringAsync(Template);
        await DecideAsync(client, 0);
        await client.StartRoundAsync(Template, new StartRound(2));
        var viewer = await client.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:viewer"), "planted"));
        await client.GrantAccessAsync(Template, new GrantAccess(Principal.Parse("service:viewer"), Role.Viewer));
        var owner = await client.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:owner"), "planted"));
        await client.GrantAccessAsync(AccessScope.Cluster, new GrantAccess(Principal.Parse("service:owner"), Role.Owner));
        return new People(viewer, owner, await client.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:owner"), "planted")));
    }

    private static async Task DecideAsync(WinnowClient client, long expected)
    {
        var image = await FirstAsync(client);
        var decision = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(DrawnImages.Classes[0])] };
        var result = await client.SubmitAsync(Template, [new SubmitDecision(image, Guid.NewGuid(), decision, ExpectedVersion: expected)]);
        Assert.Equal(SubmitStatus.Recorded, result[0].Status);
    }

    private static async Task<ImageId> FirstAsync(WinnowClient client)
    {
        await foreach (var image in client.ListImagesAsync(Template)) return image.Id;
        throw new InvalidOperationException("There is no image.");
    }

    /// <summary>Read, listed, shown and decided about.</summary>
    private static async Task SoundIsServedAsync(WinnowClient client)
    {
        Assert.Contains(Template, (await client.ListDatasetsAsync()).Select(d => d.Name));
        Assert.Equal(6, (await client.GetStatusAsync(Template)).Images);
        var image = await FirstAsync(client);
        await DecideAsync(client, (await client.GetImageAsync(Template, image)).Version);
        await foreach (var result in client.ImportAsync(Template, DrawnImages.EnumerateAsync(1))) Assert.NotNull(result.Id);
    }

    private static async Task ToldOnTheHealthPageAsync(SiloProcess silo, string[] wanted)
    {
        using var http = new HttpClient();
        HealthReport? report = null;
        await Until.TrueAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Url, "/health/ready"));
            request.Headers.Authorization = new("Bearer", Operator);
            using var answer = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            report = await answer.Content.ReadFromJsonAsync(ModelJson.Default.HealthReport);
            return report!.SetAside.Select(NameOf).Order(StringComparer.Ordinal).SequenceEqual(wanted);
        }, Limit, () => "the health page names it all");
        Assert.True(report!.Ready);
        Assert.All(report.SetAside, i => Assert.True(i is { Problem.Length: > 10, WhatToDo.Length: > 10 }, i.ToString()));
        Assert.All(report.SetAside, i => Assert.DoesNotContain("System.", i.Problem, StringComparison.Ordinal));
        // A probe learns no names.
        Assert.Empty((await http.GetFromJsonAsync(new Uri(silo.Url, "/health/ready"), ModelJson.Default.HealthReport))!.SetAside);
    }

    /// <summary>What cannot be read lets nobody in: fails closed.</summary>
    private static async Task NobodyIsLetInAsync(SiloProcess silo, People people)
    {
        async Task<HttpStatusCode> AskAsync(string path, CreatedApiKey key)
        {
            using var http = new HttpClient();
            http.DefaultRequestHeaders.Authorization = new("Bearer", key.Key);
            return (await http.GetAsync(new Uri(silo.Url, path))).StatusCode;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("/api/v1/whoami", people.Broken));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("/api/v1/keys", people.Owner));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync($"/api/v1/datasets/{Template}", people.Owner));
        Assert.Equal(HttpStatusCode.OK, await AskAsync($"/api/v1/datasets/{Template}", people.Viewer));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("/api/v1/datasets/access-newer", people.Viewer));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync("/api/v1/datasets/access-null", people.Viewer));
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => silo.Client.ListKeysAsync());
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
    }

    private static async Task DiscardAsync(SiloProcess silo, Damage[] damages)
    {
        var sound = await Assert.ThrowsAsync<WinnowApiException>(() => silo.Client.DiscardSetAsideAsync(SetAsideKind.Dataset, Template));
        Assert.Equal(HttpStatusCode.NotFound, sound.Status);
        var first = true;
        bool IsKeyList(Damage damage) => damage.Named!.Value.Name.StartsWith("api-keys/", StringComparison.Ordinal);
        foreach (var damage in damages.Where(d => d.Named is not null).OrderBy(IsKeyList))
        {
            var (kind, name) = IsDatasetsOwn(damage) && damage.Dataset is { } own ? ("dataset", own) : damage.Named!.Value;
            if (first)
            {
                var environment = new Dictionary<string, string?> { ["WINNOW_SERVER"] = silo.Url.ToString(), ["WINNOW_KEY"] = Operator };
                async Task<CliResult> RunAsync(params string[] arguments) => await CliProcess.RunWithAsync(
                    e =>
                    {
                        foreach (var (key, value) in environment) e[key] = value;
                    }, arguments);
                var list = await RunAsync("set-aside", "list");
                Assert.Contains($"{damage.Named!.Value.Kind} {damage.Named.Value.Name}: ", list.Output, StringComparison.Ordinal);
                Assert.Equal(2, (await RunAsync("set-aside", "discard", kind, name)).ExitCode);
                var done = await RunAsync("set-aside", "discard", kind, name, "--yes");
                Assert.True(done.ExitCode == 0, done.Output);
                first = false;
            }
            else
            {
                var word = Enum.Parse<SetAsideKind>(kind, ignoreCase: true);
                var failure = await Record.ExceptionAsync(() => silo.Client.DiscardSetAsideAsync(word, name));
                Assert.True(failure is null, $"{kind} {name}: {failure?.Message}");
            }
            if (kind == "dataset" && DatasetName.IsValid(name)) await NameIsFreeAsync(silo.Client, name);
            else if (kind == "state" && name.StartsWith("round/", StringComparison.Ordinal))
                Assert.Equal(RoundStep.Failed, Assert.Single(await silo.Client.ListRoundsAsync(damage.Dataset!)).Step);
        }
    }

    private static async Task NameIsFreeAsync(WinnowClient client, string name)
    {
        var schema = new LabelSchema { Classes = [new LabelClass("other"), new LabelClass("than")] };
        await client.CreateDatasetAsync(new CreateDataset(name, schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
        Assert.Equal(0, (await client.GetStatusAsync(name)).Images);
        Assert.Empty(await client.ListRoundsAsync(name));
    }

    /// <summary>Whether it goes with the whole dataset alone.</summary>
    private static bool IsDatasetsOwn(Damage damage) =>
        damage.Named is ("dataset" or "shard", _) || damage.Named?.Name.StartsWith("dataset/", StringComparison.Ordinal) == true
        || damage.Named?.Name.StartsWith("round-entry/", StringComparison.Ordinal) == true;

    private static string NameOf(SetAsideItem item) => $"{JsonNamingPolicy.KebabCaseLower.ConvertName(item.Kind.ToString())} {item.Name}";
}
