using System.Text.Json;
using System.Text.RegularExpressions;

namespace Winnow.Model;

/// <summary>
/// What is wrong with JSON that could not be read, as a sentence that begins with the member: for people, who know of no types.
/// </summary>
public static partial class JsonFaults
{
    private static readonly (string Type, string Words)[] Kinds =
    [
        ("Int", "a whole number within its limits"), ("Byte", "a whole number within its limits"), ("Double", "a number"),
            ("Single", "a number"), ("Boolean", "true or false"),
        ("DateTimeOffset", "a date with its time"), ("TimeSpan", "a length of time"), ("Guid", "a UUID"), ("String", "a text"),
    ];

    /// <summary>
    /// Whether an exception comes of JSON that is not what it should be, and of nothing else, where it was thrown by a reader of JSON.
    /// </summary>
    public static bool IsFault(Exception problem) =>
        problem is JsonException or NotSupportedException or InvalidOperationException or FormatException;

    /// <summary>Characters of what a reader says that are told on: it quotes whatever it met, however long that is.</summary>
    private const int MostTold = 300;

    /// <summary>The sentence, short enough for a person.</summary>
    public static string Describe(Exception problem)
    {
        var told = DescribeWhole(problem);
        return told.Length <= MostTold ? told : $"{told[..(char.IsHighSurrogate(told[MostTold - 1]) ? MostTold - 1 : MostTold)]}…";
    }

    private static string DescribeWhole(Exception problem)
    {
        var message = problem.Message;
        var path = (problem as JsonException)?.Path ?? PathWithin().Match(message).Groups["path"].Value;
        var member = path is "" or "$" ? "it" : path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path.TrimStart('$');
        if (Lacking().Match(message) is { Success: true } lacking) return $"{member} lacks the member {lacking.Groups["names"].Value}.";
        if (Parameter().Match(message) is { Success: true } parameter)
            return $"{JsonNamingPolicy.CamelCase.ConvertName(parameter.Groups["name"].Value)} may not be null.";
        if (message.Contains("allow setting null", StringComparison.Ordinal)) return $"{member} may not be null.";
        if (message.Contains("Duplicate property", StringComparison.Ordinal)) return $"{member} holds a member twice.";
        if (Wanted().Match(message) is { Success: true } wanted) return $"{member} must be {WordsOf(wanted.Groups["type"].Value)}.";
        if (problem is NotSupportedException) return $"{member} does not say what it is: 'type' is missing.";
        // What converters of the model say for themselves.
        if (problem is JsonException { LineNumber: null } or FormatException) return $"{member} cannot be read: {message}";
        return Place().Replace(message, "") is { Length: > 0 } rest ? $"{member} cannot be read: {rest.Trim()}" : $"{member} is no JSON.";
    }

    private static string WordsOf(string type)
    {
        foreach (var (name, words) in Kinds)
            if (type.Contains(name, StringComparison.Ordinal)) return words;
        return "of its kind, or one of its words";
    }

    [GeneratedRegex(@"missing required properties including: (?<names>.+?)\.( Path|$)", RegexOptions.ExplicitCapture)]
    private static partial Regex Lacking();

    [GeneratedRegex(@"could not be converted to (?<type>\S+?)\.( |$)", RegexOptions.ExplicitCapture)]
    private static partial Regex Wanted();

    [GeneratedRegex(@"constructor parameter '(?<name>\w+)' on type .* doesn't allow null", RegexOptions.ExplicitCapture)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"Path: (?<path>\$\S*)", RegexOptions.ExplicitCapture)]
    private static partial Regex PathWithin();

    [GeneratedRegex(@"\s*(Path: \S+ \| )?LineNumber: \d+ \| BytePositionInLine: \d+\.?", RegexOptions.ExplicitCapture)]
    private static partial Regex Place();
}
