using System.Globalization;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Names;

namespace Winnow.Cli.Review;

/// <summary>
/// Where a simulated person knows labels from. What fits nothing of a dataset is told before anything is recorded: nobody is asked twice,
/// so answers from a wrong file are hard to take back.
/// </summary>
internal static class Truths
{
    private const int Shown = 10;

    /// <summary>Reads a file of labels, and says what of it and of the dataset does not fit.</summary>
    public static async Task<LabelFile> ReadAsync(string path, DatasetInfo dataset, WinnowClient client, CancellationToken ct)
    {
        var labels = await LabelFile.ReadAsync(path, dataset.Schema, ct);
        var match = await labels.MatchAsync(client.ListImagesAsync(dataset.Name, cancellationToken: ct), ct);
        SayMatch(path, dataset, match, string.Create(CultureInfo.InvariantCulture, $"{labels.Rows} labels in {labels.Encoding}"));
        if (labels.RowsWithoutLabel > 0)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  {labels.RowsWithoutLabel} rows without a class"));
        if (labels.Comments > 0)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  {labels.Comments} comments (lines that begin with '#')"));
        Unmatched(match);
        return labels;
    }

    /// <summary>Reads a file of label sets, and says what of it and of the dataset does not fit.</summary>
    public static async Task<LabelSetFile> ReadSetsAsync(string path, DatasetInfo dataset, WinnowClient client, CancellationToken ct)
    {
        var sets = await LabelSetFile.ReadAsync(path, dataset.Schema, ct);
        var match = await sets.MatchAsync(client.ListImagesAsync(dataset.Name, cancellationToken: ct), ct);
        SayMatch(path, dataset, match, $"{sets.Rows.ToString(CultureInfo.InvariantCulture)} label sets");
        if (sets.RowsWithoutLabel > 0)
            Terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"  {sets.RowsWithoutLabel} rows without 'annotations' (the first in line {sets.FirstWithoutLabel})"));
        Unmatched(match);
        return sets;
    }

    /// <summary>What fits, once it is sure that something does, and that each row means one image.</summary>
    private static void SayMatch(string path, DatasetInfo dataset, LabelMatch match, string what)
    {
        if (match.Images > 0 && match.ImagesWithoutRow == match.Images) throw new InvalidDataException(NothingFits(path, dataset, match));
        if (match.AmbiguousRows > 0) throw new InvalidDataException(Ambiguous(path, dataset.Name, match));
        var named = match.Images - match.ImagesWithoutRow;
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{path}: {what}, for {named} of {match.Images} images to ask about"));
    }

    private static void Unmatched(LabelMatch match)
    {
        Name(match.RowsWithoutImage, "rows name no image of the dataset", match.RowSamples.Select(Row));
        Name(match.ImagesWithoutRow, "images are named by no row", match.ImageSamples.Select(ShownText.Named));
    }

    /// <summary>Looks whether the folders of images name classes at all, before anything is recorded.</summary>
    public static async Task CheckFoldersAsync(DatasetInfo dataset, WinnowClient client, CancellationToken cancellationToken)
    {
        var classes = new ClassIndex(dataset.Schema);
        string? like = null;
        await foreach (var image in client.ListImagesAsync(dataset.Name, cancellationToken: cancellationToken))
        {
            if (image.Partition != Partition.Pool || image.Stage == Stage.Quarantined) continue;
            if (FolderTruth.ClassOf(image.Name) is { } name && classes.Find(name) >= 0) return;
            like ??= image.Name;
        }
        if (like is null) return;
        var known = string.Join(", ", dataset.Schema.Classes.Where(c => c.Retired is null).Take(Shown).Select(c => c.Name));
        throw new InvalidDataException(
            $"No image of {dataset.Name} that people may be asked about lies in a folder that is called like a class: "
            + $"images are named like '{ShownText.Named(like)}', classes are {known}{(dataset.Schema.Open > Shown ? ", …" : "")}. "
            + "Give the labels in a file: --truth FILE. Nothing was decided.");
    }

    private static string NothingFits(string path, DatasetInfo dataset, LabelMatch match)
    {
        var image = ShownText.Named(match.ImageSamples.FirstOrDefault() ?? "");
        return match.RowSamples is [var row, ..]
            ? $"No row of {path} names an image of {dataset.Name} that people may be asked about: rows are named like "
                + $"'{ShownText.Named(row.Name)}', images like '{image}'. "
                + "A row's name is the image's path below the folder that was imported. Nothing was decided."
            : $"{path} names only images of {dataset.Name} that nobody is asked about, those of the holdout or put aside. "
                + $"Give it rows for others, such as '{image}'. Nothing was decided.";
    }

    private static string Row(LabelRow row) =>
        string.Create(CultureInfo.InvariantCulture, $"{ShownText.Named(row.Name)} (line {row.Line})");

    private static string Ambiguous(string path, string dataset, LabelMatch match)
    {
        var rows = match.AmbiguousSamples.Take(Shown)
            .Select(a => $"{Row(a.Row)} fits {a.Images} images of different content, such as {string.Join(" and ", a.Samples)}");
        var more = match.AmbiguousRows > Shown ? $"; and {match.AmbiguousRows - Shown} more" : "";
        return $"{path} leaves open which images it means: {string.Join("; ", rows)}{more}. "
            + $"Give such rows the image's id, in a column 'id': winnow list {dataset} shows them. Nothing was decided.";
    }

    private static void Name(long count, string what, IEnumerable<string> samples)
    {
        if (count == 0) return;
        var more = count > Shown ? string.Create(CultureInfo.InvariantCulture, $", and {count - Shown} more") : "";
        Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  {count} {what}: {string.Join(", ", samples.Take(Shown))}{more}"));
    }
}
