using Winnow.Adapters.Tests.Ledger;
using Winnow.Algorithms.Numerics;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Adapters.Tests.Datasets.Backup.Hostile;

/// <summary>Which changes are made to a real backup, and in which order: the same for the same number and seed.</summary>
internal sealed class HostilePlans(HostileArchive archive)
{
    /// <summary>Images of the backup that is changed.</summary>
    public const int Images = 18;

    private readonly List<JsonSite>[] _sites = [.. archive.Texts.Select(t => JsonSites.Of(t.Json))];

    private static DatasetInfo Sample { get; } = LedgerRows.Dataset() with
    {
        Schema = SampleSchema.Newest,
        Settings = new DatasetSettings { Shards = 2, Seed = 7, ProjectionDimensions = 4 },
        Restored = [new Restoration(LedgerRows.Noon, "ada", new string('a', 64), LedgerRows.Operation(1), "lions", LedgerRows.Noon, "ada")],
    };

    /// <summary>A small backup with something of everything.</summary>
    /// <param name="reviewed">Whether its schema is one that people are asked by: else it takes every shape there is.</param>
    public static async Task<byte[]> WriteSoundAsync(bool reviewed = false)
    {
        await using var origin = BackupStore.OpenSqlite(quick: true);
        await origin.FillAsync(reviewed ? Sample with { Schema = LedgerRows.Dataset().Schema } : Sample, Images);
        // One image is lost, so that the end has a sample of that.
        await origin.Objects.DeleteAsync(ObjectKeys.Image("cats", SampleDataset.Id(7)), CancellationToken.None);
        return await origin.WriteAsync();
    }

    /// <summary>A change: of one value, of two, or of files (then there is no site).</summary>
    internal readonly record struct Plan(int Text, int Site, int Change);

    /// <summary>
    /// First each change of one place of each kind, then of all places, then whatever chance brings; in an order by chance, and cut where
    /// there are enough.
    /// </summary>
    public List<Plan> Of(int count, ulong seed)
    {
        var random = new SeededRandom(seed);
        var kinds = new List<Plan>();
        var others = new List<Plan>();
        var seen = new HashSet<(string, string)>();
        for (var text = 0; text < archive.Texts.Count; text++)
        {
            var sites = _sites[text];
            for (var site = 0; site < sites.Count; site++)
                for (var change = 0; change < JsonChanges.Count; change++)
                    (seen.Contains((archive.Texts[text].Kind, sites[site].Path)) ? others : kinds).Add(new Plan(text, site, change));
            foreach (var site in sites) seen.Add((archive.Texts[text].Kind, site.Path));
        }
        var (first, rest) = (kinds.ToArray(), others.ToArray());
        random.Shuffle<Plan>(first);
        random.Shuffle<Plan>(rest);
        // A tenth of them changes files, however few there are in all.
        var files = Enumerable.Repeat(new Plan(-1, 0, 0), Math.Max(1, count / 10));
        var plans = files.Concat(first).Concat(rest).Take(count).ToList();
        while (plans.Count < count)
            plans.Add(plans.Count % 3 == 0 ? new Plan(-1, 0, 0) : new Plan(random.Next(archive.Texts.Count), -1, 0));
        return plans;
    }

    public (string What, byte[] Archive) Make(Plan plan, ulong seed)
    {
        var random = new SeededRandom(seed);
        if (plan.Text < 0) return ("files", archive.WithFilesChanged(random));
        var text = archive.Texts[plan.Text];
        var sites = _sites[plan.Text];
        if (plan.Site >= 0)
        {
            var site = sites[plan.Site];
            return ($"{text.Kind} line {text.Line} {site.Path} <- {JsonChanges.Describe(plan.Change)}",
                archive.With(text, JsonChanges.Apply(text.Json, site, sites, plan.Change, random)));
        }
        var second = random.Next(archive.Texts.Count);
        var other = archive.Texts[second];
        return ("two values", archive.With(text, Any(plan.Text, random), other, Any(second, random)));
    }

    private byte[] Any(int text, SeededRandom random)
    {
        var (json, sites) = (archive.Texts[text].Json, _sites[text]);
        return JsonChanges.Apply(json, sites[random.Next(sites.Count)], sites, random.Next(JsonChanges.Count), random);
    }
}
