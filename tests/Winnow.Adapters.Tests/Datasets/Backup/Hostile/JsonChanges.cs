using System.Text;
using System.Text.Json;
using Winnow.Algorithms.Numerics;

namespace Winnow.Adapters.Tests.Datasets.Backup.Hostile;

/// <summary>What may be done to one value of a JSON text by somebody who means ill, or by chance.</summary>
internal static class JsonChanges
{
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "1", "-1", "2", "7", "0.5", "-0.0", "1e300", "-1e300", "1e999", "2147483647", "2147483648",
            "-2147483648", "4294967296", "9223372036854775807",
        "18446744073709551615", "99999999999999999999999999", "\"\"", "\" \"", "\"main\"", "\"audit\"", "\"cat\"", "\"bird\"", "\"done\"",
            "\"failed\"", "\"imported\"", "\"0\"", "\"-1\"", "\"NaN\"",
        "\"Infinity\"", "\"person:eve@example.org\"", "\"told:1 eve\"", "\"told:99 eve\"", "\"../../etc/passwd\"", "\"/etc/passwd\"",
            "\"datasets/dogs/images/aa/x\"",
        "\"projections/../../../x\"", "\"models/main/000001/x.bin\"", "\"\\u0000\"", "\"\\u001b[2J\\r\\n\\u202eevil\"", "\"\\ud800\"",
            "\"=cmd|' /C calc'!A0\"",
        "\"0001-01-01T00:00:00+00:00\"", "\"9999-12-31T23:59:59.9999999+00:00\"", "\"2026-03-01\"",
            "\"00000000-0000-0000-0000-000000000000\"", "\"-10675199.02:48:05\"", "\"00:00:00\"",
        "\"0000000000000000000000000000000000000000000000000000000000000000\"",
            "\"img-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        "{}", "[]", "[null]", "[[]]", "{\"a\":1}", "[1,2,3]",
    ];

    private static readonly string Long = $"\"{new string('x', 20_000)}\"";

    /// <summary>How many changes there are.</summary>
    public static int Count => Values.Length + Others.Length;

    private delegate byte[] Change(byte[] json, JsonSite site, IReadOnlyList<JsonSite> all, SeededRandom random);

    private static readonly Change[] Others =
    [
        (json, site, _, _) => JsonSites.Splice(json, site.Start, site.End, Long),
        // Gone, with the comma before or behind it.
        (json, site, _, _) => Remove(json, site),
        // Twice, the second time as something else.
        (json, site, _, _) => site.IsMember ? JsonSites.Splice(json, site.End, site.End, $",{Name(json, site)}:null")
            : JsonSites.Splice(json, site.End, site.End, ",null"),
        (json, site, _, _) => JsonSites.Splice(json, site.End, site.End, [(byte)',', .. json.AsSpan(site.MemberStart..site.End)]),
        // One that nobody knows.
        (json, site, _, _) => site.IsMember ? JsonSites.Splice(json, site.End, site.End, ",\"forged\":{\"a\":[1]}") : json,
        // In another case: names of members are read without regard to it.
        (json, site, _, _) => site.IsMember
            ? JsonSites.Splice(json, site.MemberStart + 1, site.MemberStart + 2, char.ToUpperInvariant((char)json[site.MemberStart + 1])
            .ToString()) : json,
        // A value of another place.
        (json, site, all, random) => all[random.Next(all.Count)] is var other
            ? JsonSites.Splice(json, site.Start, site.End, json.AsSpan(other.Start..other.End)) : json,
        (json, site, all, random) => all[random.Next(all.Count)] is var other
            ? JsonSites.Splice(json, site.Start, site.End, json.AsSpan(other.Start..other.End)) : json,
        // A number that is a little off, and a text with a letter changed.
        (json, site, _, random) => Nudge(json, site, random),
        (json, site, _, random) => Nudge(json, site, random),
        // Cut off within.
        (json, site, _, _) => json[..site.Start],
        (json, site, _, _) => [.. json.AsSpan(0, site.End), .. "\n"u8],
        // Deep.
        (json, site, _, _) => JsonSites.Splice(json, site.Start, site.End, new string('[', 2_000)),
    ];

    /// <summary>The text with change number <paramref name="number"/> made at a site.</summary>
    public static byte[] Apply(byte[] json, JsonSite site, IReadOnlyList<JsonSite> all, int number, SeededRandom random) =>
        number < Values.Length ? JsonSites.Splice(json, site.Start, site.End, Values[number])
            : Others[number - Values.Length](json, site, all, random);

    /// <summary>What a change does, for whoever looks for the reason of a failure.</summary>
    public static string Describe(int number) => number < Values.Length ? Values[number] : $"change {number - Values.Length}";

    private static string Name(byte[] json, JsonSite site)
    {
        var member = Encoding.UTF8.GetString(json.AsSpan(site.MemberStart..site.Start));
        return member[..(member.LastIndexOf('"') + 1)];
    }

    private static byte[] Remove(byte[] json, JsonSite site)
    {
        var (start, end) = (site.MemberStart, site.End);
        if (end < json.Length && json[end] == ',') end++;
        else if (start > 0 && json[start - 1] == ',') start--;
        return JsonSites.Splice(json, start, end, "");
    }

    private static byte[] Nudge(byte[] json, JsonSite site, SeededRandom random)
    {
        if (site.Kind == JsonTokenType.Number)
        {
            var number = double.Parse(Encoding.UTF8.GetString(json.AsSpan(site.Start..site.End)),
                System.Globalization.CultureInfo.InvariantCulture);
            return JsonSites.Splice(json, site.Start, site.End, (number + random.Next(5) - 2).ToString(
                System.Globalization.CultureInfo.InvariantCulture));
        }
        if (site.Kind != JsonTokenType.String || site.End - site.Start < 3) return JsonSites.Splice(json, site.Start, site.End, "null");
        var changed = json.ToArray();
        changed[site.Start + 1 + random.Next(site.End - site.Start - 2)] = (byte)"abz019-/.:% "[random.Next(12)];
        return changed;
    }
}
