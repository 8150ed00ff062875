using Orleans.Serialization;
using Winnow.Model.Overview;
using Winnow.Model.Review;

namespace Winnow.Grains;

/// <summary>
/// A record of the model crosses between silos under its full name. One that has moved to another namespace keeps, on the wire, the name
/// that silos of the last release know it by, in both directions. An entry goes when no such silo can be left.
/// </summary>
internal sealed class KeptWireNames : ITypeConverter
{
    internal static readonly (Type Type, string Name)[] Kept =
    [
        (typeof(DatasetStatus), "Winnow.Model.Datasets.DatasetStatus,Winnow.Model"),
        (typeof(ImageDetail), "Winnow.Model.Images.ImageDetail,Winnow.Model"),
    ];

    // The interface says nothing of nulls; where it answers no, nothing is read.
    public bool TryFormat(Type type, out string formatted)
    {
        formatted = Array.Find(Kept, kept => kept.Type == type).Name!;
        return formatted is not null;
    }

    public bool TryParse(string formatted, out Type type)
    {
        type = Array.Find(Kept, kept => string.Equals(kept.Name, formatted, StringComparison.Ordinal)).Type;
        return type is not null;
    }
}
