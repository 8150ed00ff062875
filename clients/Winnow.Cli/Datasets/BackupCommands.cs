using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Winnow.Model.Datasets;

namespace Winnow.Cli.Datasets;

internal static class BackupCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var file = new Argument<string>("file") { Description = "File to write: a tar archive. There must be none of that name." };
        var command = new Command("backup", "Write a whole dataset into a file while it is worked with: rows, history, rounds, models, versions and all bytes. Access and bucket sources are left out. Ends with 1 when objects were missing.") { dataset, file };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var path = parsed.GetValue(file)!;
            var end = await ByteProgress.RunAsync("Writing", null, report => client.BackupAsync(parsed.GetValue(dataset)!, path, report, ct));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {end.Images} images, {end.History} entries of history, {end.Objects} objects, {end.Bytes / 1e6:N1} MB; read back and whole, SHA-256 {end.Sha256}"));
            if (end.Missing == 0) return 0;
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{end.Missing} objects are not in it, because the store has lost or damaged them; see winnow verify {parsed.GetValue(dataset)}:"));
            foreach (var sample in end.MissingSamples) await Console.Error.WriteLineAsync($"  {sample}");
            return 1;
        });
        return command;
    }
}

internal static class RestoreCommand
{
    public static Command Make(Connection connection)
    {
        var file = new Argument<string>("file") { Description = "A file that 'winnow backup' wrote." };
        var name = new Option<string?>("--as") { Description = "Name of the dataset, which must not exist yet. Default the one that it had." };
        var command = new Command("restore", "Bring a backup back as a dataset. It appears when it is whole, and not before; a restore that failed is repeated by running it again.") { file, name };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var path = parsed.GetValue(file)!;
            var restored = await ByteProgress.RunAsync("Sending", new FileInfo(path).Length, report => client.RestoreAsync(path, parsed.GetValue(name), report, ct));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{restored.Dataset.Name}: {restored.Images} images, {restored.History} entries of history, {restored.Rounds} rounds, {restored.Versions} versions, {restored.Objects} objects, as of {restored.StartedAt:u}"));
            if (restored.Missing > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{restored.Missing} objects were not in the backup; see winnow verify {restored.Dataset.Name}"));
            return 0;
        });
        return command;
    }
}

/// <summary>Shows how many bytes have gone.</summary>
internal static class ByteProgress
{
    private const long Step = 256 << 20;

    public static async Task<T> RunAsync<T>(string what, long? total, Func<IProgress<long>, Task<T>> run)
    {
        var started = Stopwatch.GetTimestamp();
        string Line(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{what} {bytes / 1e6:N0}{(total is { } all ? $" of {all / 1e6:N0}" : "")} MB, {bytes / 1e6 / Math.Max(0.001, Stopwatch.GetElapsedTime(started).TotalSeconds):N0} MB/s");
        if (Connection.Live) return await AnsiConsole.Status().StartAsync(what, context => run(new Reporter(bytes => context.Status(Line(bytes)))));
        var next = Step;
        return await run(new Reporter(bytes =>
        {
            if (bytes < next) return;
            next = bytes + Step;
            Console.WriteLine(Line(bytes));
        }));
    }

    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}

internal static class VerifyCommand
{
    public static Command Make(Connection connection)
    {
        var dataset = new Argument<string>("dataset");
        var hash = new Option<bool>("--hash") { Description = "Read all bytes and hold them against their hashes." };
        var repair = new Option<bool>("--repair-derived") { Description = "Have missing and damaged segments made again. Nothing that people said is touched, and nothing without a row is removed." };
        var command = new Command("verify", "Find rows without their object and objects without their row. Ends with 0 when the dataset is sound and with 1 when it is not.") { dataset, hash, repair };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            VerificationReport? report = null;
            await foreach (var step in client.VerifyAsync(parsed.GetValue(dataset)!, parsed.GetValue(hash), parsed.GetValue(repair), ct))
            {
                report = step.Report;
                if (step.Shard > 0 && report is null) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{step.Shard} of {step.Shards} shards, {step.Images} images"));
            }
            foreach (var finding in report!.Findings) Print(finding);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(report.Sound ? "sound" : "not sound")}: {report.Images} images, {report.History} entries of history, {report.Objects} objects{(report.Hashed ? ", all bytes read" : "")}"));
            return report.Sound ? 0 : 1;
        });
        return command;
    }

    private static void Print(Finding finding)
    {
        var repaired = finding.Repaired > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {finding.Repaired} are being made again") : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{finding.Count} {Meaning(finding.Kind)}, {finding.Bytes / 1e6:N1} MB{(finding.Expected ? " (expected)" : "")}{repaired}"));
        if (finding.Expected) return;
        foreach (var sample in finding.Samples) Console.WriteLine($"  {sample}");
    }

    private static string Meaning(FindingKind kind) => kind switch
    {
        FindingKind.ImageBytesMissing => "images without their bytes: restore these from a backup or import them again",
        FindingKind.ImageBytesDamaged => "images with other bytes than they came with: restore these from a backup",
        FindingKind.ImageBytesWithoutRow => "bytes of images that no row names: of an import that was cut off, or under way now; the next import of them takes them in",
        FindingKind.HistoryWithoutImage => "entries of history about an image that is not there",
        FindingKind.SegmentMissing => "segments missing: --repair-derived has them made again",
        FindingKind.SegmentDamaged => "segments damaged: --repair-derived has them made again",
        FindingKind.ManifestMissing => "versions without their manifest: restore them from a backup",
        FindingKind.ManifestDamaged => "versions with another manifest than they were made with: restore them from a backup",
        FindingKind.ModelMissing => "heads, ONNX files or projections missing: restore them from a backup",
        FindingKind.ModelDamaged => "heads or projections with other bytes than they were made with: restore them from a backup",
        FindingKind.UnknownObject => "objects of which Winnow knows nothing",
        FindingKind.Superseded => "segments, heads, projections and manifests that nothing refers to any more",
        FindingKind.Copies => "smaller copies of images",
        FindingKind.SourceObjects => "objects of bucket sources",
        FindingKind.StagedUploads => "uploads not taken in yet, and answers to those that were",
        _ => kind.ToString(),
    };
}
