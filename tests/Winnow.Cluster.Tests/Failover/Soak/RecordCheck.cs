using System.Diagnostics;
using Winnow.Client;
using Winnow.Grains.Images;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>Holds a dataset to what was acknowledged: all of it is there, once, and nothing else is.</summary>
internal static class RecordCheck
{
    private static readonly TimeSpan ClocksApart = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether an image was decided in a time: who held its task then holds nothing any more, and once that is taken back anybody may be
    /// asked. Who took it back may not have heard yet that this was recorded.
    /// </summary>
    private static bool WasClosed(HistoryEntry[] history, DateTimeOffset since, DateTimeOffset until) =>
        Enumerable.Range(0, history.Length).Any(i =>
            history[i].At >= since && history[i].At <= until && ImageHistory.Fold(history[..(i + 1)]).Closed);

    private static string Told(HistoryEntry[] history) =>
        string.Join("; ", history.Select(h => $"{h.At:O} {h.Actor} {h.Kind} {h.Decision.Kind} {h.Decision.Of}"));

    /// <summary>Compares what the cluster holds with what it acknowledged; what was found, in a sentence.</summary>
    public static async Task<string> VerifyAsync(WinnowClient client, string dataset, SoakRecord record)
    {
        Assert.Empty(record.TakenTwice);
        foreach (var (image, first, since, second, given) in record.HandedTwice)
        {
            HistoryEntry[] history = [.. (await client.GetImageAsync(dataset, image)).History.Where(h => h.Kind != HistoryKind.Imported)];
            var answered = history.Any(h => h.Actor.EndsWith(first, StringComparison.Ordinal) && h.At <= given);
            Assert.True(answered || WasClosed(history, since, given),
                $"{image} was given to {second} at {given:O}, while {first} had it. Its history: "
                + Told(history));
        }
        foreach (var (image, actor, since, until, why) in record.Lost)
        {
            HistoryEntry[] history = [.. (await client.GetImageAsync(dataset, image)).History.Where(h => h.Kind != HistoryKind.Imported)];
            // Of what was said before, word may have gone down with a silo: the task was one no more when it was given.
            Assert.True(history.Any(h => h.At >= since - record.LeasePeriod && h.At <= until + ClocksApart),
                $"{actor} presented the lease of {image} from {since:O} on and lost it at {until:O}: {why} Nobody had said anything of it. "
                + $"Its history: {Told(history)}");
        }
        var status = await client.WaitForScoringAsync(dataset);

        var listed = new Dictionary<ImageId, ImageSummary>();
        await foreach (var image in client.ListImagesAsync(dataset)) Assert.True(listed.TryAdd(image.Id, image),
            $"{image.Id} is listed twice");
        foreach (var (image, name) in record.Images) Assert.Equal(name, Assert.Contains(image, listed).Name);
        Assert.Equal(record.Images.Count, listed.Count);
        Assert.Equal(listed.Count, status.Images);

        foreach (var group in record.Decisions.GroupBy(d => d.Value.Image))
        {
            var detail = await client.GetImageAsync(dataset, group.Key);
            Assert.Equal(Enumerable.Range(1, detail.History.Count).Select(v => (long)v), detail.History.Select(h => h.Version));
            foreach (var (operation, (_, actor, _)) in group)
                Assert.Matches($"(^| for ){actor}$", Assert.Single(detail.History, h => h.OperationId == operation).Actor);
            // What its shard has in memory is what its history says.
            Assert.Equal(detail.Annotations.SingleOrDefault()?.Class, listed[group.Key].Label);
            // Nobody else wrote: what is there was acknowledged, or its author heard nothing.
            bool IsKnown(Guid operation) => record.Decisions.ContainsKey(operation) || record.Unknown.ContainsKey(operation);
            Assert.All(detail.History, h => Assert.True(IsKnown(h.OperationId), $"{group.Key} bears a decision that nobody was told of"));
        }
        var order = await VerifyOrderAsync(client, dataset, record);
        return $"{await VerifyRoundsAsync(client, dataset)}; {order}; {record.Kept} tasks kept to the end, "
            + $"{record.Lost.Count} answered by others";
    }

    /// <summary>Looks at each image that people were at once more, and then whether all that was seen of it can have been so.</summary>
    private static async Task<string> VerifyOrderAsync(WinnowClient client, string dataset, SoakRecord record)
    {
        foreach (var image in record.Calls.Select(c => c.Image).Distinct().ToArray())
        {
            var began = Stopwatch.GetTimestamp();
            record.Looked(await client.GetImageAsync(dataset, image), began);
        }
        var found = record.Calls.GroupBy(c => c.Image).Select(g => (g.Key, Violation: Linearizability.Violation([.. g])));
        var wrong = found.Where(f => f.Violation is not null).Select(f => $"{f.Key}: {f.Violation}").ToArray();
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
        var (looks, decisions) = (record.Calls.OfType<ImageRead>().Count(), record.Calls.OfType<ImageWrite>().Count());
        return $"{looks} looks and {decisions} decisions in order, {record.Unknown.Count} without an answer";
    }

    private static async Task<string> VerifyRoundsAsync(WinnowClient client, string dataset)
    {
        var rounds = await client.ListRoundsAsync(dataset);
        Assert.Equal(rounds.Count, rounds.Select(r => (r.Arm, r.Number)).Distinct().Count());
        var done = rounds.Where(r => r.Step == RoundStep.Done).ToArray();
        if (done.Length == 0) return "no round ended";
        foreach (var round in done)
        {
            Assert.NotNull(round.Promoted);
            Assert.Equal($"{round.Arm}/{round.Number}", round.Model!.Name);
            Assert.NotEmpty(await client.GetModelAsync(dataset, round.Arm, round.Number));
        }
        var champion = Assert.Single((await client.GetStatusAsync(dataset)).Champions);
        Assert.Equal(done.Last(r => r.Promoted == true).Model!.HeadSha256, champion.HeadSha256);
        return $"{done.Length} rounds done, champion {champion.Name}";
    }
}
