using System.Text.Json;

namespace Winnow.Cli;

/// <summary>Words of the model, as JSON has them and people type them.</summary>
internal static class Words
{
    /// <summary>A value of a vocabulary, such as <c>taken-back</c>.</summary>
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
