using System.CommandLine;
using System.Globalization;
using Winnow.Model.Datasets;

namespace Winnow.Cli.Datasets;

internal static class VerifyCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var hash = new Option<bool>("--hash") { Description = "Read all bytes and hold them against their hashes." };
        var repair = new Option<bool>("--repair-derived")
        {
            Description = "Have missing and damaged segments made again. Nothing that people said is touched, and nothing without a "
                + "row is removed.",
        };
        var command = new Command("verify",
            "Find rows without their object and objects without their row. Ends with 0 when the dataset is sound and with 1 "
            + "when it is not.")
        {
            dataset, hash, repair,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            VerificationReport? report = null;
            await foreach (var step in client.VerifyAsync(parsed.GetValue(dataset)!, parsed.GetValue(hash), parsed.GetValue(repair), ct))
            {
                report = step.Report;
                if (step.Shard > 0 && report is null) Terminal.Say($"{step.Shard} of {step.Shards} shards, {step.Images} images");
            }
            foreach (var finding in report!.Findings) Print(finding);
            var (sound, read) = (report.Sound ? "sound" : "not sound", report.Hashed ? ", all bytes read" : "");
            Terminal.Say($"{sound}: {report.Images} images, {report.History} entries of history, {report.Objects} objects{read}");
            return report.Sound ? 0 : 1;
        });
        return command;
    }

    private static void Print(Finding finding)
    {
        var repaired = finding.Repaired > 0
            ? string.Create(CultureInfo.InvariantCulture, $"; {finding.Repaired} are being made again") : "";
        var expected = finding.Expected ? " (expected)" : "";
        Terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"{finding.Count} {Meaning(finding.Kind)}, {finding.Bytes / 1e6:N1} MB{expected}{repaired}"));
        if (finding.Expected) return;
        foreach (var sample in finding.Samples) Terminal.Say($"  {sample}");
    }

    private static string Meaning(FindingKind kind) => kind switch
    {
        FindingKind.ImageBytesMissing => "images without their bytes: restore these from a backup or import them again",
        FindingKind.ImageBytesDamaged => "images with other bytes than they came with, or whose bytes cannot be read: mend "
            + "the rights or the disk, or restore these from a backup",
        FindingKind.ImageBytesWithoutRow =>
            "bytes of images that no row names: of an import that was cut off, or under way now; the next import of them takes them in",
        FindingKind.HistoryWithoutImage => "entries of history about an image that is not there",
        FindingKind.SegmentMissing => "segments missing: --repair-derived has them made again",
        FindingKind.SegmentDamaged => "segments damaged or unreadable: --repair-derived has them made again",
        FindingKind.ManifestMissing => "versions without their manifest: restore them from a backup",
        FindingKind.ManifestDamaged => "versions with another manifest than they were made with, or an unreadable one: restore "
            + "them from a backup",
        FindingKind.ModelMissing => "heads, ONNX files or projections missing: restore them from a backup",
        FindingKind.ModelDamaged => "heads or projections with other bytes than they were made with, or unreadable: restore "
            + "them from a backup",
        FindingKind.UnknownObject => "objects of which Winnow knows nothing",
        FindingKind.Superseded => "segments, heads, projections and manifests that nothing refers to any more",
        FindingKind.Copies => "smaller copies of images",
        FindingKind.SourceObjects => "objects of bucket sources",
        FindingKind.StagedUploads => "uploads not taken in yet, and answers to those that were",
        FindingKind.LabelOfNoClass => "labels that are no class of the dataset: its backup could not be restored",
        FindingKind.ActDamaged => "acts that are not what they were written as, or before which others are missing",
        FindingKind.FactDamaged => "facts about images that are not there, or with another content than they were written with",
        FindingKind.LeftOfDeleted => "things left of a dataset that was deleted: 'winnow datasets deletions' says whether that goes on",
        _ => kind.ToString(),
    };
}
