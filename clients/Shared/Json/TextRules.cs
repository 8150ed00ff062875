using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model.Names;

namespace Winnow.Json;

/// <summary>Which of the model's rules for texts (<see cref="TextRule"/>) holds where.</summary>
internal static class TextRules
{
    private static readonly ConcurrentDictionary<JsonPropertyInfo, TextAttribute> Rules = [];

    /// <summary>The rule for a member.</summary>
    public static TextAttribute Of(JsonPropertyInfo member) => Rules.GetOrAdd(member, m => Of(m.AttributeProvider));

    /// <summary>The rule for whatever bears one.</summary>
    public static TextAttribute Of(ICustomAttributeProvider? member) =>
        member?.GetCustomAttributes(typeof(TextAttribute), inherit: true) is [TextAttribute rule, ..] ? rule : TextRule.Default;
}
