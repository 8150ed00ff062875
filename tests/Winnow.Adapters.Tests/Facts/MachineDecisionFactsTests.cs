using System.Text.Json;
using Winnow.Adapters.Tests.Datasets.Backup;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Facts;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.MachineDecisions;

namespace Winnow.Adapters.Tests.Facts;

public abstract class MachineDecisionConformance : FactKindConformance
{
    protected override FactKind Kind => FactKinds.MachineDecisions;

    protected override FactRow Sample(int ordinal, ImageId image) => MachineDecisionSamples.Made(ordinal, image);
}

public sealed class SqliteMachineDecisionTests : MachineDecisionConformance
{
    private protected override Task<BackupStore> OpenAsync(bool raised) => Task.FromResult(BackupStore.OpenSqlite(raised: raised));
}

[Trait("needs", "postgres")]
public sealed class PostgresMachineDecisionTests : MachineDecisionConformance
{
    private protected override Task<BackupStore> OpenAsync(bool raised) => BackupStore.OpenPostgresAsync(raised);
}

internal static class MachineDecisionSamples
{
    public static ImageMachineDecision Of(ImageId image) => new(
        image, MachineKind.AutoAccepted, "night", "model:main/3", [new ClassTag("cat") { Confidence = 0.75 }], LedgerRows.Noon)
    {
        Version = "8n",
        Confidence = 0.5,
    };

    public static FactRow Made(int ordinal, ImageId image) =>
        FactKinds.MachineDecisions.Decide(ordinal, Of(image), LedgerRows.Noon, LedgerRows.Operation(7), "ada");

    public static FactRow TakenBack(FactRow made) =>
        FactKinds.MachineDecisions.TakeBack(made, "too many wrong", LedgerRows.Noon.AddHours(1), LedgerRows.Operation(8), "bob");
}

/// <summary>What a decision's two entries may hold, and what is read of them.</summary>
public sealed class MachineDecisionFactsTests
{
    private static readonly ImageId Image = LedgerRows.Id(1);
    private static readonly DatasetInfo Dataset = LedgerRows.Dataset("cats");
    private static readonly DateTimeOffset Latest = LedgerRows.Noon.AddYears(1);

    private static string? Wrong(FactRow fact, MachineEntry? entry = null) => FactKinds.MachineDecisions.Check(
        entry is null ? fact : fact with { Payload = JsonSerializer.SerializeToUtf8Bytes(entry, ModelJson.Default.MachineEntry) },
        Dataset, Latest);

    [Fact]
    public void Each_entry_says_what_its_version_means()
    {
        var made = MachineDecisionSamples.Made(0, Image);
        var back = MachineDecisionSamples.TakenBack(made);
        var decision = MachineDecisionSamples.Of(Image);
        Assert.Null(Wrong(made));
        Assert.Null(Wrong(back));
        Assert.Null(Wrong(back with { Payload = null }));
        MachineEntry Entry(ImageMachineDecision? of, string? why = null) => new(LedgerRows.Noon, of, why);
        (string Says, FactRow Fact, MachineEntry? Entry)[] wrong =
        [
            ("about an image", made with { Id = made.Id with { Ordinal = -1 } }, null),
            ("version is that of no decision", made with { Version = 3 }, null),
            ("version 1 is a decision", made, Entry(null)),
            ("version 1 is a decision", made, Entry(decision, "why")),
            ("version 2 takes a decision back", back, Entry(decision)),
            ("takenBack is missing", back, Entry(null)),
            ("key is not the run", made, Entry(decision with { Run = "other" })),
            ("image is not the one", made, Entry(decision with { Image = LedgerRows.Id(2) })),
            ("is not in the label schema", made, Entry(decision with { Annotations = [new ClassTag("unicorn")] })),
            ("confidence must be", made, Entry(decision with { Confidence = 2 })),
            ("at must lie", made, new MachineEntry(DateTimeOffset.MinValue, decision, null)),
            ("more than a decision can have", made, Entry(decision with
            {
                Annotations = [new ClassTag("cat") { Source = new string('x', 4 * ImageMachineDecision.MaxBytes) }],
            })),
        ];
        foreach (var (says, fact, entry) in wrong)
            Assert.Contains(says, Wrong(fact, entry) ?? "nothing is wrong", StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_erased_of_a_decision_says_nothing_and_what_was_erased_of_its_taking_back_still_takes_it_back()
    {
        var made = MachineDecisionSamples.Made(0, Image);
        var back = MachineDecisionSamples.TakenBack(made);
        var read = Assert.Single(MachineDecisionFacts.Read([back, made], Dataset.Schema));
        Assert.Equal(("night", "model:main/3", "8n", 0.5, "ada"), (read.Run, read.Source, read.Version, read.Confidence, read.By));
        Assert.Equal(new TakenBackDecision("bob", LedgerRows.Noon.AddHours(1), "too many wrong"), read.TakenBack);
        Assert.Equal(new TakenBackDecision("bob", null, null),
            Assert.Single(MachineDecisionFacts.Read([made, back with { Payload = null }], Dataset.Schema)).TakenBack);
        Assert.Empty(MachineDecisionFacts.Read([made with { Payload = null }], Dataset.Schema));
        Assert.Empty(MachineDecisionFacts.Read([made with { Payload = "[]"u8.ToArray() }], Dataset.Schema));
    }
}
