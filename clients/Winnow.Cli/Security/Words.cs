using System.Text.Json;
using Winnow.Model.Security;

namespace Winnow.Cli.Security;

/// <summary>Names of roles and permissions as the API writes them.</summary>
internal static class Words
{
    public static string NameOf<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    public static T Parse<T>(string word) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (NameOf(value) == word) return value;
        throw new ArgumentException($"'{word}' is not one of: {string.Join(", ", Enum.GetValues<T>().Select(NameOf))}.");
    }

    public static Principal ParsePrincipal(string? text) => Principal.TryParse(text, out var principal)
        ? principal : throw new ArgumentException($"'{text}' is not a principal. {Principal.Rule}");
}
