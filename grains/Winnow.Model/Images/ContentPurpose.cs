using System.Text.Json.Serialization;

namespace Winnow.Model.Images;

/// <summary>What the bytes of an image are wanted for.</summary>
[JsonConverter(typeof(KebabEnumConverter<ContentPurpose>))]
public enum ContentPurpose : byte
{
    /// <summary>Somebody looks at it.</summary>
    Review = 0,
    /// <summary>It goes out with a version.</summary>
    Export = 1,
    /// <summary>It goes out with the whole dataset.</summary>
    Backup = 2,
    /// <summary>A device of the cluster makes numbers of it, which are kept in its place.</summary>
    Model = 3,
    /// <summary>A smaller copy is made of it, or its size is read.</summary>
    Derive = 4,
    /// <summary>It is held against its hash.</summary>
    Check = 5,
}
