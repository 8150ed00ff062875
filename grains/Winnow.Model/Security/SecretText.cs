namespace Winnow.Model.Security;

/// <summary>
/// Secrets as people hand them over: from files with line ends, from variables with blanks around them, from editors that put a mark before
/// them. What surrounds a secret never counts, and no sentence about one shows it.
/// </summary>
public static class SecretText
{
    private const char ByteOrderMark = '\ufeff';
    private const char ZeroWidthSpace = '\u200b';

    /// <summary>The secret without what surrounds it; null where nothing is left.</summary>
    public static string? Trim(string? text)
    {
        var rest = (text ?? "").AsSpan();
        while (rest.Length > 0 && Surrounds(rest[0])) rest = rest[1..];
        while (rest.Length > 0 && Surrounds(rest[^1])) rest = rest[..^1];
        return rest.IsEmpty ? null : rest.ToString();
    }

    /// <summary>
    /// What keeps a trimmed secret from being sent in a header, as a sentence that does not show it; null when nothing does.
    /// </summary>
    /// <param name="name">What the secret is called where it was set, such as <c>--key</c>.</param>
    /// <param name="secret">The secret.</param>
    public static string? Check(string name, string secret)
    {
        for (var i = 0; i < secret.Length; i++)
        {
            if (secret[i] is > ' ' and <= '~') continue;
            var what = secret[i] switch
            {
                '\r' or '\n' => "a line end",
                _ when char.IsWhiteSpace(secret[i]) => "a blank",
                _ when char.IsControl(secret[i]) => "a control character",
                _ => "a character that is not ASCII",
            };
            return $"{name} has {what} at position {i + 1} of {secret.Length}: a key is printable ASCII without blanks. "
                + "Copy it again, and nothing else with it.";
        }
        return null;
    }

    private static bool Surrounds(char c) => char.IsWhiteSpace(c) || char.IsControl(c) || c is ByteOrderMark or ZeroWidthSpace;
}
