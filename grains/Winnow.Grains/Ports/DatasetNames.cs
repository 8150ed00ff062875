using System.Globalization;

namespace Winnow.Grains.Ports;

/// <summary>
/// Datasets that are being put together, or taken apart. They bear names that no dataset can have, so nobody comes upon them; they are left
/// out of listings. One that is put together gets its own name when it is whole; one that is taken apart has lost it first.
/// </summary>
public static class StagedDatasets
{
    /// <summary>What their names begin with.</summary>
    public const string Prefix = "staged:";

    /// <summary>A name for one that is put together.</summary>
    public static string NameOf(Guid id) => $"{Prefix}{id:n}";

    /// <summary>A name for one that is taken apart.</summary>
    public static string DeletedNameOf(long id) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}deleted-{id}");

    /// <summary>Whether a name is one of them.</summary>
    public static bool Is(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);
}
