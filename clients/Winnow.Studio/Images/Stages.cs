using System.Text.Json;
using Winnow.Model.Images;

namespace Winnow.Studio.Images;

/// <summary>Stages as the API writes them, and as pages say them.</summary>
internal static class Stages
{
    public static string Word(Stage stage) => JsonNamingPolicy.KebabCaseLower.ConvertName(stage.ToString());

    public static string Said(Stage stage) => Word(stage).Replace('-', ' ');

    /// <summary>The stage of a word; null where it is none.</summary>
    public static Stage? Read(string? word)
    {
        foreach (var stage in Enum.GetValues<Stage>())
            if (Word(stage) == word) return stage;
        return null;
    }
}
