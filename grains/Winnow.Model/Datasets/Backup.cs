using System.Text.Json.Serialization;
using Winnow.Model.Names;

namespace Winnow.Model.Datasets;

/// <summary>The first file of a backup: what it is, and of which dataset.</summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="Layout">1; a change that old readers would misread adds one.</param>
/// <param name="Id">Sets this backup apart from all others.</param>
/// <param name="StartedAt">When it was begun. What was acknowledged before is in it.</param>
/// <param name="StartedBy">By whom.</param>
/// <param name="Dataset">The dataset with its label schema and settings.</param>
public sealed record BackupHeader(string Format, int Layout, Guid Id, DateTimeOffset StartedAt, string StartedBy, DatasetInfo Dataset)
{
    /// <summary>What the header names as its format.</summary>
    public const string FormatName = "winnow-backup";

    /// <summary>The layout that this program writes and reads.</summary>
    public const int ThisLayout = 1;

    /// <summary>Name of the file that holds it.</summary>
    public const string FileName = "winnow-backup.json";

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    /// <param name="latest">The latest moment that there can be.</param>
    public string? Check(DateTimeOffset latest) =>
        (Format == FormatName ? null : $"format must be '{FormatName}', not {ShownText.Quote(Format)}.")
        ?? MemberRules.Number("layout", Layout, ThisLayout, ThisLayout)
        ?? MemberRules.Id("id", Id)
        ?? MemberRules.Date("startedAt", StartedAt, latest)
        ?? ActorName.Check("startedBy", StartedBy)
        // Where a backup is restored, its shards are those of its creation.
        ?? (Dataset is null ? "dataset is missing." : Dataset.Layout is null ? MemberRules.Within("dataset", Dataset.Check(latest))
            : "dataset.layout must be null in a backup.");
}

/// <summary>The last file of a backup. A backup without it, or with another hash, is not whole.</summary>
/// <param name="Files">Files before this one.</param>
/// <param name="Images">Image rows.</param>
/// <param name="History">Entries of the images' history.</param>
/// <param name="Objects">Objects: bytes of images, segments, heads, manifests.</param>
/// <param name="Bytes">Bytes of those objects.</param>
/// <param name="Missing">Objects that rows name and that the store did not hold, or held damaged. They are not in the backup.</param>
/// <param name="MissingSamples">The first of those, at most 20.</param>
/// <param name="Sha256">What <see cref="BackupDigest"/> makes of all files before this one, lower-case hex.</param>
/// <param name="MissingObjects">
/// Each of those with the reason, at most <see cref="MostNamed"/>. Null in backups of before it was kept.
/// </param>
public sealed record BackupEnd(
    long Files, long Images, long History, long Objects, long Bytes, long Missing, IReadOnlyList<string> MissingSamples, string Sha256,
    IReadOnlyList<MissingObject>? MissingObjects = null)
{
    /// <summary>Name of the file that holds it.</summary>
    public const string FileName = "end.json";

    /// <summary>Most of <see cref="MissingSamples"/>.</summary>
    public const int MostSamples = 20;

    /// <summary>Most of <see cref="MissingObjects"/>: this file is read into memory.</summary>
    public const int MostNamed = 1_000;

    /// <summary>What is named as missing, by whichever member it is.</summary>
    [JsonIgnore]
    public IReadOnlyList<MissingObject> Named => MissingObjects ?? [.. MissingSamples.Select(s => MissingObject.Of(s, ""))];

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    public string? Check() =>
        MemberRules.Number("files", Files, 0, long.MaxValue)
        ?? MemberRules.Number("images", Images, 0, long.MaxValue)
        ?? MemberRules.Number("history", History, 0, long.MaxValue)
        ?? MemberRules.Number("objects", Objects, 0, long.MaxValue)
        ?? MemberRules.Number("bytes", Bytes, 0, long.MaxValue)
        ?? MemberRules.Number("missing", Missing, 0, long.MaxValue)
        ?? (MissingSamples?.Count > MostSamples ? $"missingSamples has more than {MostSamples} entries."
            : MemberRules.Each("missingSamples", MissingSamples, _ => null))
        ?? MemberRules.Sha256("sha256", Sha256)
        ?? (MissingObjects is null ? null : MissingObjects.Count > MostNamed ? $"missingObjects has more than {MostNamed} entries."
            : MemberRules.Each("missingObjects", MissingObjects, m => m.Check()));
}

/// <summary>An object that rows name and that a backup, what was restored from one, or an export does not hold.</summary>
/// <param name="Object">The image, or the object's name.</param>
/// <param name="Reason">Why; empty where that is not known.</param>
public sealed record MissingObject(string Object, string Reason)
{
    /// <summary>Characters of a name or a reason, at most.</summary>
    public const int Longest = 300;

    /// <summary>One whose texts can be shown and have the length that is kept.</summary>
    public static MissingObject Of(string name, string reason) => new(Fit(name), Fit(reason));

    /// <summary>The first thing that is wrong, as a sentence with the member's name; null when all is sound.</summary>
    public string? Check() => MemberRules.Text("object", Object, Longest, 1) ?? MemberRules.Text("reason", Reason, Longest);

    /// <summary>For a person to read.</summary>
    public override string ToString() => Reason.Length == 0 ? Object : $"{Object}: {Reason}";

    private static string Fit(string text)
    {
        var clean = ShownText.Clean(text);
        if (clean.Length <= Longest) return clean;
        var end = char.IsHighSurrogate(clean[Longest - 2]) ? Longest - 2 : Longest - 1;
        return $"{clean.AsSpan(0, end)}…";
    }
}

/// <summary>What was restored.</summary>
/// <param name="Dataset">The dataset under its new name.</param>
/// <param name="StartedAt">When the backup was begun.</param>
/// <param name="Images">Image rows.</param>
/// <param name="History">Entries of the images' history.</param>
/// <param name="Rounds">Rounds, ended or not.</param>
/// <param name="Versions">Versions.</param>
/// <param name="Objects">Objects that were stored.</param>
/// <param name="Missing">Objects that rows name and that the backup does not hold, or holds in a form that cannot be used: those of
/// machines are made again.</param>
/// <param name="Cleaned">Texts and figures that were taken over without what cannot be shown or cannot be.</param>
/// <param name="MissingObjects">
/// The first of the missing, with the reason where it is known; images before what machines made. Null from servers that do not name them.
/// </param>
public sealed record RestoredDataset(
    DatasetInfo Dataset, DateTimeOffset StartedAt, long Images, long History, int Rounds, int Versions, long Objects, long Missing,
        long Cleaned = 0, IReadOnlyList<MissingObject>? MissingObjects = null);
