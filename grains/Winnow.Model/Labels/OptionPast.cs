using System.Text.Json.Serialization;

namespace Winnow.Model.Labels;

/// <summary>
/// What an option of an attribute was called before, or why nobody chooses it any more. The option keeps its place, so that what was said
/// stays readable; an option that always was as it is has none.
/// </summary>
/// <param name="Option">The place of the option.</param>
public sealed record OptionPast(int Option)
{
    /// <summary>Names that it bore in earlier versions of its schema, oldest first; null where it never bore another.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FormerName>? Former { get; init; }

    /// <summary>The version that retired it; null while people may choose it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Retired { get; init; }

    /// <summary>The place of the option that it counts as since it was retired; null where what was said stands.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Into { get; init; }

    /// <summary>The first thing that is wrong with what an attribute tells of its options, as a sentence; null when all is sound.</summary>
    internal static string? Check(LabelAttribute attribute, LabelSchema schema, Func<IReadOnlyList<FormerName>?, string?> checkFormer)
    {
        if (attribute.OptionsPast is not { } pasts) return null;
        var before = -1;
        foreach (var past in pasts)
        {
            if (past is null || past.Option <= before || past.Option >= attribute.Options.Count)
                return "optionsPast must name options by their places, in their order.";
            before = past.Option;
            if (checkFormer(past.Former) is { } odd) return $"optionsPast: {odd}";
            if (past.Retired is { } retired
                && MemberRules.Number("optionsPast.retired", retired, (attribute.Since ?? 1) + 1, schema.Number) is { } wrong) return wrong;
            if (past is { Retired: null, Into: not null }) return "optionsPast.into is of an option that is not retired.";
            var at = past.Option;
            for (var steps = 0; attribute.PastOf(at)?.Into is { } heir; steps++)
            {
                if (heir < 0 || heir >= attribute.Options.Count || steps > attribute.Options.Count)
                    return "optionsPast.into leads to no option.";
                at = heir;
            }
        }
        return null;
    }
}
