using System.Globalization;
using Winnow.Grains.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Benchmarks.Seeding;

/// <summary>What people said of a seeded image, as its grain would have written it.</summary>
internal static class SeededAnswers
{
    private static readonly DateTimeOffset Said = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    /// <summary>Somebody labelled it; where it is disputed, somebody else said something else.</summary>
    public static IEnumerable<HistoryRow> Of(ImageId image, int ordinal, SeedPlan plan, bool isDisputed)
    {
        var entries = new List<HistoryEntry>();
        Add(ordinal % plan.People, "class-0", new TaskTerms(TaskKind.Label, Verify: ordinal % 20 < 8));
        if (isDisputed) Add((ordinal + 1) % plan.People, "class-1", new TaskTerms(TaskKind.Verify));
        var schema = new LabelSchema { Classes = [new("class-0"), new("class-1")] };
        for (var i = 0; i < entries.Count; i++)
        {
            var standing = ImageHistory.Fold(entries[..(i + 1)]);
            yield return new HistoryRow(image, ordinal, i + 1, entries[i].OperationId, ImageHistory.ToJson(entries[i]),
                standing.RowLabel(schema), standing.Closed, standing.Stage ?? Stage.Queued);
        }

        void Add(int person, string label, TaskTerms terms)
        {
            var decision = new Decision { Kind = DecisionKind.Label, Annotations = [new ClassTag(label)] };
            var actor = string.Create(CultureInfo.InvariantCulture, $"reviewer-{person}");
            var operation = new Guid(ordinal, (short)entries.Count, 0, BitConverter.GetBytes(image.A));
            entries.Add(new HistoryEntry(entries.Count + 1, HistoryKind.Decided, actor, Said, operation, decision,
                Terms: terms == TaskTerms.Plain ? null : terms));
        }
    }
}
