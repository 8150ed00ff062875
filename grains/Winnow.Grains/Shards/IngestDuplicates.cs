using Winnow.Abstractions.Images;
using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;

namespace Winnow.Grains.Shards;

/// <summary>An image as it stands in its dataset: under which name, where, with which label, and why it cannot be used, if so.</summary>
internal readonly record struct StandingImage(string Name, Partition Partition, int Label, string? Reason);

/// <summary>
/// What is said of bytes that come again. Nothing of the image that stands is changed by them, so whatever they were sent with and it
/// does not have is told: nobody may take a holdout for filled, or a label for set, that is not, or look for a name that is nobody's.
/// </summary>
internal static class IngestDuplicates
{
    /// <summary>The answer for a row whose image stands already.</summary>
    public static IngestOutcome Of(in IngestRow row, in StandingImage stands, LabelSchema schema)
    {
        var elsewhere = row.Partition != stands.Partition;
        var relabelled = row.Label >= 0 && row.Label != stands.Label;
        var status = stands.Reason is null ? IngestStatus.Duplicate : IngestStatus.Quarantined;
        var said = new[]
        {
            stands.Reason is null ? null : $"It was there already: {stands.Reason}",
            elsewhere ? WhereItStands(stands.Partition) : null,
            relabelled
                ? $"These bytes are in the dataset with {Named(stands.Label, schema)}; {Named(row.Label, schema)} was not taken over. "
                    + "Correct the image's label if it is wrong."
                : null,
        };
        var reason = string.Join(' ', said.OfType<string>());
        var renamed = !string.Equals(row.Name, stands.Name, StringComparison.Ordinal);
        return new IngestOutcome(
            status, reason.Length == 0 ? null : reason, elsewhere ? stands.Partition : null, relabelled, renamed ? stands.Name : null);
    }

    private static string WhereItStands(Partition partition) => partition == Partition.Pool
        ? "It is in the pool already and stays there, so the holdout lacks it."
        : "It is in the holdout already and stays there: nobody is asked about it, and nothing learns from it.";

    private static string Named(int label, LabelSchema schema) => label switch
    {
        < 0 => "no label",
        HistoryRow.LabelSet => "what people said of them",
        _ => $"'{schema.Classes[label].Name}'",
    };
}
