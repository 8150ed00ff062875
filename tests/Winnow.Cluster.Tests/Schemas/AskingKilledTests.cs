using System.Globalization;
using Winnow.Cluster.Tests.Deletion;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Schemas;

/// <summary>
/// A silo that dies while it asks again about the images of a class that was split or retired: all of them are asked about in the end, each
/// once, and no other image is.
/// </summary>
public sealed class AskingKilledTests
{
    private const string Name = "pets";
    private const int Images = 1_800;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static TheoryData<string> Changes => ["split", "retire"];

    private static SchemaChange ChangeOf(string what) =>
        what == "split" ? new SplitClass("frame", ["square", "oblong"]) : new RetireClass("frame", Ask: true);

    [Theory, MemberData(nameof(Changes))]
    public async Task Killed_while_it_asks_again_it_asks_about_all_and_each_once(string what)
    {
        await using var silo = await SiloProcess.StartAsync();
        await using var stored = new StoredThings.Embedded(silo.Folder);
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Append("other").Select(c => new LabelClass(c))] };
        await silo.Client.CreateDatasetAsync(new CreateDataset(Name, schema, new DatasetSettings { Shards = 4, AuditSample = 0 }));
        await foreach (var result in silo.Client.ImportAsync(Name, DrawnImages.EnumerateAsync(Images, labelled: true)))
            Assert.NotNull(result.Id);
        var frames = new HashSet<ImageId>();
        await foreach (var image in silo.Client.ListImagesAsync(Name))
            if (image.Label == "frame") frames.Add(image.Id);
        Assert.Equal(Images / DrawnImages.Classes.Length, frames.Count);

        Assert.NotNull((await silo.Client.ChangeSchemaAsync(Name, new ChangeSchema(1, [ChangeOf(what)]))).Asking);
        var amid = new List<long>();
        for (var seen = 0L; seen < frames.Count && amid.Count < 3;)
        {
            // Seen in the ledger itself: whoever asks the silo hears of it when all has been asked about.
            var before = seen;
            await Until.TrueAsync(async () => await AskedAsync(stored) > before, Limit,
                () => $"the asking goes on after {before}\n{silo.Output}", TimeSpan.FromMilliseconds(2));
            await silo.KillAsync();
            // On, and beyond what was there: it asks again about nothing that it has asked about.
            seen = await AskedAsync(stored);
            Assert.True(seen > before, $"{seen} entries are left of {before}");
            if (seen < frames.Count) amid.Add(seen);
            await silo.StartAgainAsync();
        }
        await Until.TrueAsync(async () => (await silo.Client.GetSchemaAsync(Name)).Asking is null, Limit,
            () => "it says that it has asked");
        Assert.True(amid.Count > 0, "no kill came while some images had been asked about and others had not");

        Assert.Equal(frames.Count, await AskedAsync(stored));
        await foreach (var image in silo.Client.ListImagesAsync(Name))
        {
            Assert.Equal(frames.Contains(image.Id), image.Label is null);
            if (!frames.Contains(image.Id)) continue;
            var history = (await silo.Client.GetImageAsync(Name, image.Id)).History;
            Assert.Equal([HistoryKind.Imported, HistoryKind.AskedAgain], history.Select(h => h.Kind));
        }
        var tasks = new HashSet<ImageId>();
        await Until.TrueAsync(async () =>
        {
            var some = await silo.Client.LeaseAsync(Name, new LeaseRequest(50, 0));
            Assert.All(some, t => Assert.True(tasks.Add(t.Image), $"{t.Image} came twice"));
            Assert.All(await silo.Client.SubmitAsync(Name, [.. some.Select(Answer)]), r => Assert.Equal(SubmitStatus.Recorded, r.Status));
            return tasks.Count == frames.Count;
        }, Limit, () => string.Create(CultureInfo.InvariantCulture, $"all {frames.Count} are tasks; {tasks.Count} were"));
        Assert.Equal(frames, tasks);
        Assert.Empty(await silo.Client.LeaseAsync(Name, new LeaseRequest(1, 0)));
    }

    private static SubmitDecision Answer(ReviewTask task) => new(
        task.Image, Guid.NewGuid(), new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag("disc")] }, task.Lease);

    /// <summary>Images that were asked about again: nobody has said anything else here.</summary>
    private static async Task<long> AskedAsync(StoredThings stored) => (await stored.CountRowsAsync())["history"];
}
