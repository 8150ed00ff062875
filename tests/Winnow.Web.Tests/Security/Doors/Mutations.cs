using System.Globalization;

namespace Winnow.Web.Tests.Security.Doors;

/// <summary>
/// Secrets and tokens spoilt in one way each. WINNOW_TOKENS is how many of each kind are tried, WINNOW_SEED what is drawn.
/// </summary>
internal sealed class Mutations(params string[] good)
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=";

    public static int Count { get; } = Setting("WINNOW_TOKENS", 300);

    private readonly Random _random = new(Setting("WINNOW_SEED", 1));

    /// <summary>Tokens that are none of the good ones, printable and without blanks.</summary>
    public IEnumerable<string> Take(int count)
    {
        for (var made = 0; made < count;)
        {
            var token = Spoil(good[_random.Next(good.Length)]);
            if (token.Length == 0 || Array.Exists(good, g => g == token)) continue;
            made++;
            yield return token;
        }
    }

    private string Spoil(string token)
    {
        var at = _random.Next(token.Length);
        return _random.Next(10) switch
        {
            0 => token[..at],
            1 => token[at..],
            2 => token.Remove(at, 1),
            3 => token.Insert(at, Letters[_random.Next(Letters.Length)].ToString()),
            // The front of one and the end of another, as whoever has a token of their own would try.
            4 => token[..at] + good[_random.Next(good.Length)][Math.Min(at, good.Min(g => g.Length))..],
            5 => Replace(token, at, char.IsUpper(token[at]) ? char.ToLowerInvariant(token[at]) : char.ToUpperInvariant(token[at])),
            6 => new string(Letters[_random.Next(Letters.Length)], _random.Next(1, 2_000)),
            7 => token + token,
            8 => new string(token.Reverse().ToArray()),
            _ => Replace(token, at, Letters[_random.Next(Letters.Length)]),
        };
    }

    private static string Replace(string token, int at, char by) => string.Concat(token.AsSpan(0, at), [by], token.AsSpan(at + 1));

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var set) ? set : otherwise;
}
