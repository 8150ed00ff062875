using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Model.Datasets;

/// <summary>Where an image stands in an export in folders: labels of people and of machines are never in one folder.</summary>
public enum ExportPlace
{
    /// <summary>The pool's, labelled by people.</summary>
    Pool = 0,
    /// <summary>The holdout's.</summary>
    Holdout = 1,
    /// <summary>The pool's, by decisions of machines that were accepted.</summary>
    Auto = 2,
    /// <summary>The pool's, by guesses of machines.</summary>
    Pseudo = 3,
}

/// <summary>
/// Names of the files in an export: one rule for the server that writes them and for whoever unpacks what a server sent. A server is
/// trusted with images and with no other file, and any other name could be one that something obeys, such as
/// <c>.git/hooks/post-checkout</c>.
/// </summary>
public static class ExportNames
{
    /// <summary>The folder of the pool's images in an export in folders.</summary>
    public const string Pool = "train";

    /// <summary>The folder of the holdout's.</summary>
    public const string Holdout = "holdout";

    /// <summary>The folder of the pool's images whose label is a machine's decision that was accepted.</summary>
    public const string Auto = "train-auto";

    /// <summary>The folder of those whose label is a machine's guess.</summary>
    public const string Pseudo = "train-pseudo";

    /// <summary>The file that tells what an export in a folder has written there: where it stands, an export was made.</summary>
    public const string List = ".winnow-export.jsonl";

    private const int LongestExtension = 8, LongestFormat = 50;
    private const string FormatCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";

    /// <summary>The folder of a class in an export in folders.</summary>
    /// <param name="place">Where its images stand.</param>
    /// <param name="classFolder">The folder's own name, of <see cref="FolderName"/>.</param>
    public static string Folder(ExportPlace place, string classFolder) => $"{Root(place)}/{classFolder}";

    /// <summary>Where a labelled image stands.</summary>
    public static ExportPlace PlaceOf(ManifestRow row) => row.Source switch
    {
        LabelSource.Auto => ExportPlace.Auto,
        LabelSource.Pseudo => ExportPlace.Pseudo,
        _ => row.Partition == Partition.Holdout ? ExportPlace.Holdout : ExportPlace.Pool,
    };

    private static string Root(ExportPlace place) => place switch
    {
        ExportPlace.Pool => Pool,
        ExportPlace.Holdout => Holdout,
        ExportPlace.Auto => Auto,
        ExportPlace.Pseudo => Pseudo,
        _ => throw new ArgumentOutOfRangeException(nameof(place)),
    };

    /// <summary>An image in the folder of its class.</summary>
    public static string Image(string folder, ImageId image, string extension) => $"{folder}/{image}.{extension}";

    /// <summary>The file that holds the name of a class whose folder's name cannot.</summary>
    public static string ClassFile(string folder) => $"{folder}/{FolderName.ClassFile}";

    /// <summary>The one file of an export that is a table.</summary>
    public static string Table(string format) => $"dataset.{format}";

    /// <summary>Whether an export writes a file of this name.</summary>
    public static bool IsWritten(string path) => IsInArchive(path) || IsTable(path);

    /// <summary>Whether an export in folders writes a file of this name.</summary>
    public static bool IsInArchive(string path) => ExportGaps.IsFileName(path) || IsInClassFolder(path);

    /// <summary>The image that a file of an export in folders is; null for the others.</summary>
    public static ImageId? ImageOf(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && IsWord(name.AsSpan(dot + 1)) && ImageId.TryParse(name[..dot], out var image) ? image : null;
    }

    /// <summary>
    /// What an image is for that an export in folders wrote, by the end of its path: it bears its id, in the folder of its class, in that
    /// of its partition. Null for any other file. A copy of an export, or an archive that was unpacked elsewhere, is known by it too.
    /// </summary>
    /// <param name="path">Its path, with '/'.</param>
    public static Partition? PartitionOf(string path)
    {
        if (ImageOf(path) is null || path.Split('/') is not [.., var partition, _, _]) return null;
        return partition switch
        {
            Holdout => Partition.Holdout,
            Pool or Auto or Pseudo => Partition.Pool,
            _ => null,
        };
    }

    /// <summary>Whether a file tells about an export and is none of its images: the list, what was missing, the names of classes.</summary>
    /// <param name="name">Its own name.</param>
    public static bool IsNote(string name) => name is List or FolderName.ClassFile || ExportGaps.IsFileName(name);

    private static bool IsInClassFolder(string path)
    {
        if (path.Split('/') is not [Pool or Holdout or Auto or Pseudo, var folder, var file]) return false;
        return FolderName.IsWritten(folder) && (file == FolderName.ClassFile ? FolderName.IsCut(folder) : ImageOf(path) is not null);
    }

    private static bool IsTable(string path)
    {
        var format = path[(path.LastIndexOf('.') + 1)..];
        return path == Table(format) && format.Length is > 0 and <= LongestFormat && format.AsSpan().IndexOfAnyExcept(FormatCharacters) < 0;
    }

    private static bool IsWord(ReadOnlySpan<char> extension) =>
        extension.Length is > 0 and <= LongestExtension && !extension.Contains('-') && extension.IndexOfAnyExcept(FormatCharacters) < 0;
}
