using System.Globalization;
using Winnow.Model.Images;

namespace Winnow.Grains.Backup;

/// <summary>
/// The files of a backup, in their order: <c>winnow-backup.json</c>, <c>control.json</c>, <c>rounds/…</c>; per shard <c>rows/SSSS/…</c>
/// with <c>images/img-…</c> between them; <c>acts/SSSS/…</c>; <c>objects/…</c>, <c>objects.jsonl</c>, <c>end.json</c>. A reader knows each
/// by its name alone and makes no path of any.
/// </summary>
internal static class BackupFiles
{
    public const string Control = "control.json";
    public const string ObjectList = "objects.jsonl";
    public const string RoundsFolder = "rounds/";
    public const string RowsFolder = "rows/";
    public const string ImagesFolder = "images/";
    public const string ActsFolder = "acts/";
    public const string ObjectsFolder = "objects/";

    public const string Tasks = "tasks";
    public const string History = "history";
    public const string Segments = "segments";
    public const string Facts = "facts";
    public const string Operations = "operations";
    public const string Images = "images";

    /// <summary>Acts, which are in streams and no shard's rows.</summary>
    public const string Acts = "acts";

    /// <summary>Rows in one file, at most; a file is read as a whole.</summary>
    public const int RowsInFile = 4_096;

    /// <summary>Characters of free text after which a file of rows ends.</summary>
    public const int TextInFile = 8 << 20;

    /// <summary>Bytes of one file of rows or of a state, at most.</summary>
    public const int MaxText = 64 << 20;

    /// <summary>Bytes of one part of an object.</summary>
    public const int PartBytes = 8 << 20;

    public static string Round(int number) => string.Create(CultureInfo.InvariantCulture, $"{RoundsFolder}{number:D6}.json");

    public static string Rows(int shard, int number, string kind) =>
        string.Create(CultureInfo.InvariantCulture, $"{RowsFolder}{shard:D4}/{number:D6}-{kind}.jsonl");

    public static string ActsOf(int stream, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{ActsFolder}{stream:D4}/{number:D6}.jsonl");

    /// <summary>The stream of a file of acts; false when the name is not that of one.</summary>
    public static bool TryParseActs(string name, out int stream)
    {
        stream = 0;
        return name.StartsWith(ActsFolder, StringComparison.Ordinal)
            && name[ActsFolder.Length..].Split('/') is [{ Length: >= 4 and <= 6 } first, { Length: 12 } last]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out stream)
            && int.TryParse(last.AsSpan(0, 6), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && ActsOf(stream, number) == name;
    }

    public static string Image(ImageId id) => ImagesFolder + id;

    public static string ObjectName(int number) => string.Create(CultureInfo.InvariantCulture, $"{ObjectsFolder}{number:D6}.json");

    public static string ObjectPart(int number, int part) =>
        string.Create(CultureInfo.InvariantCulture, $"{ObjectsFolder}{number:D6}.{part:D6}");

    /// <summary>Shard and kind of a file of rows; false when the name is not that of one.</summary>
    public static bool TryParseRows(string name, out int shard, out string kind)
    {
        (shard, kind) = (0, "");
        return name.StartsWith(RowsFolder, StringComparison.Ordinal)
            && name[RowsFolder.Length..].Split('/') is [{ Length: 4 } first, { Length: > 7 } last]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out shard)
            && int.TryParse(last.AsSpan(0, 6), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && last[6] == '-' && last.EndsWith(".jsonl", StringComparison.Ordinal) && Rows(shard, number, kind = last[7..^6]) == name;
    }
}
