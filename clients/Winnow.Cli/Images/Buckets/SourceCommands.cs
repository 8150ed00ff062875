using System.CommandLine;
using System.Globalization;
using Winnow.Model.Images;
using Winnow.Model.Images.Buckets;
using Winnow.Model.Names;

namespace Winnow.Cli.Images.Buckets;

internal static class SourceCommands
{
    public static Command Make(Connection connection) => new("sources", "Let a dataset take in what is in a bucket, now and from now on.")
    {
        Add(connection), List(connection), Show(connection), Sync(connection), RenewPath(connection), Remove(connection),
    };

    private static Argument<string> Dataset() => new("dataset");

    private static Argument<string> Source() => new("source") { Description = "Name of the source." };

    private static Command Add(Connection connection)
    {
        var dataset = Dataset();
        var bucket = new Option<string>("--bucket") { Description = "The bucket.", Required = true };
        var prefix = new Option<string>("--prefix") { Description = "What keys begin with.", DefaultValueFactory = _ => "" };
        var name = new Option<string?>("--name")
        {
            Description = $"What the dataset calls it. Default the bucket's name. {SourceName.Rule}",
        };
        var server = new Option<string?>("--bucket-server")
        {
            Description = "A server that the operator configured by this name. Default the one that holds the cluster's own objects.",
        };
        var labels = new Option<bool>("--labels-from-folders")
        {
            Description = "Take the last folder of each key as the image's known label.",
        };
        var partition = new Option<string>("--partition") { Description = "pool or holdout.", DefaultValueFactory = _ => "pool" };
        partition.AcceptOnlyFromAmong("pool", "holdout");
        var command = new Command("add", "Add a bucket. Prints where its notifications are to be sent, which is told this once.")
        {
            dataset, bucket, prefix, name, server, labels, partition,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var source = new BucketSource(parsed.GetValue(name) ?? parsed.GetValue(bucket)!.Replace('.', '-'), parsed.GetValue(bucket)!,
                parsed.GetValue(prefix)!, parsed.GetValue(server), parsed.GetValue(labels),
                parsed.GetValue(partition) == "holdout" ? Partition.Holdout : Partition.Pool);
            Told(await client.AddSourceAsync(parsed.GetValue(dataset)!, source, ct), parsed.GetValue(dataset)!);
            return 0;
        });
        return command;
    }

    private static Command List(Connection connection)
    {
        var dataset = Dataset();
        var command = new Command("list", "All sources of a dataset.") { dataset };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            var sources = await client.ListSourcesAsync(parsed.GetValue(dataset)!, ct);
            Connection.Table(["name", "bucket", "prefix", "known", "taken", "refused", "last sync", "state"],
                sources.Select(s => (IReadOnlyList<string>)
                [s.Source.Name, s.Source.Bucket, s.Source.Prefix, Text(s.Known), Text(s.Taken), Text(s.Refused + s.Vanished),
                    s.LastSync?.ToString("u", CultureInfo.InvariantCulture) ?? "", s.LastError ?? (s.Syncing ? "reading" : "waiting")]));
            return 0;
        });
        return command;
    }

    private static Command Show(Connection connection)
    {
        var (dataset, source) = (Dataset(), Source());
        var command = new Command("status", "Where a source stands.") { dataset, source };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Print(await client.GetSourceAsync(parsed.GetValue(dataset)!, parsed.GetValue(source)!, ct));
            return 0;
        });
        return command;
    }

    private static Command Sync(Connection connection)
    {
        var (dataset, source) = (Dataset(), Source());
        var command = new Command("sync", "Read the bucket now.") { dataset, source };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Print(await client.SyncSourceAsync(parsed.GetValue(dataset)!, parsed.GetValue(source)!, ct));
            return 0;
        });
        return command;
    }

    private static Command RenewPath(Connection connection)
    {
        var (dataset, source) = (Dataset(), Source());
        var command = new Command("renew-path",
            "Give a source a new secret path for notifications; the old one is good for nothing from then on.")
        {
            dataset, source,
        };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            Told(await client.RenewNotificationPathAsync(parsed.GetValue(dataset)!, parsed.GetValue(source)!, ct),
                parsed.GetValue(dataset)!);
            return 0;
        });
        return command;
    }

    private static Command Remove(Connection connection)
    {
        var (dataset, source) = (Dataset(), Source());
        var command = new Command("remove", "Stop reading a bucket. The images that it gave stay.") { dataset, source };
        connection.OnRun(command, async (parsed, client, ct) =>
        {
            await client.RemoveSourceAsync(parsed.GetValue(dataset)!, parsed.GetValue(source)!, ct);
            Terminal.Say($"{parsed.GetValue(source)}: removed, its images stay");
            return 0;
        });
        return command;
    }

    private static void Told(AddedSource added, string dataset)
    {
        Terminal.Say($"{added.Source.Name}: reads {added.Source.Bucket}/{added.Source.Prefix}");
        Terminal.Say(added.NotificationPath is { } path
            ? $"Send the bucket's notifications to {path} at the server; the path is a secret and is not told again."
            : $"It was there already. A new path for notifications: winnow sources renew-path {dataset} {added.Source.Name}");
    }

    private static void Print(SourceStatus s)
    {
        var taken = $"{s.Taken} taken, {s.Duplicates} there already, {s.Quarantined} quarantined, {s.Refused} refused, "
            + $"{s.Vanished} vanished";
        Terminal.Say($"{s.Source.Name}: {(s.Syncing ? "reading" : "waiting")}, {s.Listed} listed, {s.Known} known, {taken}");
        Terminal.Say(s.LastSync is { } last
            ? string.Create(CultureInfo.InvariantCulture, $"  read to its end {s.Syncs} times, last at {last:u}")
            : "  not read to its end yet");
        if (s.LastError is not null) Terminal.Say($"  stands still, and tries again: {ShownText.Escaped(s.LastError)}");
        if (s.Placeholders > 0) Terminal.Say($"  {s.Placeholders} placeholders of folders passed over");
        if (s.Waiting > 0) Terminal.Say($"  {s.Waiting} of the refused are tried again now and then, or at once by: winnow sources sync");
        if (s.InOtherPartition > 0) Terminal.Say($"  {s.InOtherPartition} in the other partition already, and stay there");
        if (s.LabelsNotTaken > 0) Terminal.Say($"  {s.LabelsNotTaken} without the label of their folder");
        if (s.StoredOtherwise > 0)
            Terminal.Say($"  {s.StoredOtherwise} stored under another name, that of the same bytes or one that can be shown");
        foreach (var refused in s.LatestRefused) Terminal.Say($"  {ShownText.Escaped(refused.Key)}: {ShownText.Escaped(refused.Reason)}");
        foreach (var noted in s.LatestNoted) Terminal.Say($"  {ShownText.Escaped(noted.Key)}: {ShownText.Escaped(noted.Reason)}");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
