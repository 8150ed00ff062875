using System.Text.Json.Serialization;

namespace Winnow.Model.Images;

/// <summary>What a machine's decision about an image is worth.</summary>
[JsonConverter(typeof(KebabEnumConverter<MachineKind>))]
public enum MachineKind : byte
{
    /// <summary>Accepted in the place of a person's answer: people are not asked about the image by themselves.</summary>
    AutoAccepted = 0,
    /// <summary>A guess to go on with: people are asked as if there were none.</summary>
    Pseudo = 1,
}
