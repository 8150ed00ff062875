using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Model.Security;
using Winnow.Model.Training;
using Winnow.Testing;

namespace Winnow.Browser.Tests;

/// <summary>A real server with keys in a process of its own, its studio, and a real browser.</summary>
[CollectionDefinition(Name)]
public sealed class StudioHouse : IAsyncLifetime, ICollectionFixture<StudioHouse>
{
    public const string Name = "studio";

    /// <summary>Whoever may do everything.</summary>
    public const string OperatorKey = "the-operators-key-of-the-tests";

    /// <summary>Fewer are no ground for a projection of sixteen dimensions.</summary>
    private const int Fewest = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private SiloProcess _silo = null!;
    private Task<string>? _looked;
    private int _names;

    /// <summary>Whoever may do everything: for looking at what came of what was done in a page.</summary>
    public WinnowClient Operator { get; private set; } = null!;

    public Uri Address => _silo.Url;

    internal StudioBrowser Browser { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _silo = await SiloProcess.StartAsync(new SiloProcessOptions { Key = OperatorKey, Arguments = ["--Api:Key", OperatorKey] });
        Operator = new WinnowClient(new WinnowClientOptions { Address = Address, Key = OperatorKey });
        Browser = await StudioBrowser.StartAsync(Address);
    }

    public async Task DisposeAsync()
    {
        await Browser.DisposeAsync();
        Operator.Dispose();
        await _silo.DisposeAsync();
    }

    /// <summary>A dataset of drawn pictures that somebody of its own is asked about, with a key of theirs.</summary>
    /// <param name="tasks">How many are asked.</param>
    /// <param name="several">Whether a picture may bear several classes.</param>
    public async Task<(string Dataset, string Key, string Person)> AskAsync(int tasks, bool several = false)
    {
        var name = $"d{Interlocked.Increment(ref _names)}";
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))], MultiLabel = several };
        await Operator.CreateDatasetAsync(
            new CreateDataset(name, schema, new DatasetSettings { Shards = 1, AuditSample = 0, ProjectionDimensions = 16 }));
        await foreach (var _ in Operator.ImportAsync(name, DrawnImages.EnumerateAsync(Math.Max(tasks + 5, Fewest))))
        {
        }
        await Operator.WaitForScoringAsync(name);
        await Operator.StartRoundAsync(name, new StartRound(tasks));
        await Until.TrueAsync(async () => (await Operator.GetStatusAsync(name)).OpenTasks >= tasks, Patience, () => "the round asks");
        var person = Principal.Parse($"service:{name}-ann");
        await Operator.GrantAccessAsync(name, new GrantAccess(person, Role.Annotator));
        var key = await Operator.CreateKeyAsync(new CreateApiKey(person, "a page of the tests"));
        return (name, key.Key, person.ToString());
    }

    /// <summary>A dataset with a model, which has learned from a round, and a second round that asks.</summary>
    /// <param name="tasks">How many the second round asks.</param>
    public async Task<string> LearnedAsync(int tasks)
    {
        var (name, _, _) = await AskAsync(40);
        await foreach (var _ in Operator.ImportAsync(name, DrawnImages.EnumerateAsync(tasks + 20, from: 200)))
        {
        }
        await Operator.WaitForScoringAsync(name);
        await Until.TrueAsync(async () =>
        {
            var asked = await Operator.LeaseAsync(name, new LeaseRequest(50));
            await Operator.SubmitAsync(name, [.. asked.Select(t => new SubmitDecision(t.Image, Guid.NewGuid(), Truth(t.Name), t.Lease))]);
            return (await Operator.GetRoundAsync(name, Arms.Main, 1)).HasEnded;
        }, Patience, () => "the first round has ended");
        await Operator.StartRoundAsync(name, new StartRound(tasks));
        await Until.TrueAsync(async () => (await Operator.GetStatusAsync(name)).OpenTasks >= tasks, Patience, () => "the second one asks");
        return name;
    }

    /// <summary>One with a model and a version that is looked at and never answered: the same for all who look.</summary>
    public Task<string> LookedAtAsync() => _looked ??= MakeAsync();

    private async Task<string> MakeAsync()
    {
        var dataset = await LearnedAsync(26);
        await Operator.CreateVersionAsync(dataset, new CreateVersion("after the first round"));
        return dataset;
    }

    /// <summary>What a drawn picture shows.</summary>
    public static Decision Truth(string name) => new() { Kind = DecisionKind.Label, Annotations = [new ClassTag(name.Split('/')[0])] };

    /// <summary>All that was said in a dataset, by the names of its images.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<HistoryEntry>>> HistoriesAsync(string dataset)
    {
        var all = new Dictionary<string, IReadOnlyList<HistoryEntry>>();
        await foreach (var image in Operator.ListImagesAsync(dataset))
            if ((await Operator.GetImageAsync(dataset, image.Id)).History is { Count: > 0 } history) all[image.Name] = history;
        return all;
    }

    /// <summary>Waits until so many images have been answered, and checks that each was once, by whom, and with what it shows.</summary>
    public async Task EachOnceAsync(string dataset, string person, int images)
    {
        await Until.TrueAsync(async () => (await Operator.GetStatusAsync(dataset)).Decided >= images, Patience,
            () => $"{images} images of {dataset} are answered");
        var histories = await HistoriesAsync(dataset);
        Assert.Equal(images, histories.Count);
        foreach (var (name, history) in histories)
        {
            var entry = Assert.Single(history);
            Assert.Equal((person, DecisionKind.Label), (entry.Actor, entry.Decision.Kind));
            Assert.Equal(name.Split('/')[0], Assert.Single(entry.Decision.Annotations).Class);
        }
    }
}
