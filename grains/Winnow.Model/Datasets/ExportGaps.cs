namespace Winnow.Model.Datasets;

/// <summary>
/// How an export in folders tells of images that belong to the version and could not be read: in hidden files of JSON lines, each a
/// <see cref="MissingObject"/> with the path that the image would have, without its extension. An export without such a file is whole.
/// </summary>
public static class ExportGaps
{
    /// <summary>Images that one file names, at most.</summary>
    public const int MostInFile = 10_000;

    private const string Prefix = ".winnow-missing-";
    private const string Suffix = ".jsonl";
    private const int LeastDigits = 4, MostDigits = 10;

    /// <summary>The name of the file of this number, from 1 on.</summary>
    public static string FileName(int number) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Prefix}{number:D4}{Suffix}");

    /// <summary>Whether a path in an export names such a file.</summary>
    public static bool IsFileName(string path) =>
        path.Length >= Prefix.Length + LeastDigits + Suffix.Length && path.Length <= Prefix.Length + MostDigits + Suffix.Length
            && path.StartsWith(Prefix, StringComparison.Ordinal) && path.EndsWith(Suffix, StringComparison.Ordinal)
            && path.AsSpan(Prefix.Length..^Suffix.Length).IndexOfAnyExceptInRange('0', '9') < 0;
}
