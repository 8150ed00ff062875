using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Winnow.Cli;

/// <summary>
/// Options that take a number. What is none, or out of range, is refused with the range: it is never made to fit, and no sentence names a
/// type of this program.
/// </summary>
internal static class Numbers
{
    private const NumberStyles Fraction = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>An option that takes a whole number.</summary>
    public static Option<T> Whole<T>(string name, T least, T most, string description)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        new(name) { Description = Described(description, least, most), CustomParser = result => Read(result, least, most) };

    /// <summary>The same, with what holds where it is left out.</summary>
    public static Option<T> Whole<T>(string name, T least, T most, string description, Func<T> fallback)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var option = Whole(name, least, most, description);
        option.DefaultValueFactory = _ => fallback();
        return option;
    }

    /// <summary>The same, null where it is left out.</summary>
    public static Option<T?> WholeOrNone<T>(string name, T least, T most, string description)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        new(name) { Description = Described(description, least, most), CustomParser = result => Read(result, least, most) };

    /// <summary>An argument that is a whole number.</summary>
    public static Argument<T> WholeArgument<T>(string name, T least, T most, string description)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        new(name) { Description = Described(description, least, most), CustomParser = result => Read(result, least, most) };

    /// <summary>An option that takes a share, 0 to 1.</summary>
    public static Option<double> Share(string name, string description) =>
        new(name) { Description = $"{description} 0 to 1.", CustomParser = result => ReadShare(result) };

    /// <summary>The same, null where it is left out.</summary>
    public static Option<double?> ShareOrNone(string name, string description) =>
        new(name) { Description = $"{description} 0 to 1.", CustomParser = result => ReadShare(result) };

    private static double ReadShare(ArgumentResult result)
    {
        var text = TextOf(result);
        if (double.TryParse(text, Fraction, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1) return share;
        result.AddError($"{NameOf(result)} must be a number from 0 to 1, such as 0.05, not '{text}'.");
        return 0;
    }

    private static T Read<T>(ArgumentResult result, T least, T most) where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var text = TextOf(result);
        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most) return number;
        result.AddError(string.Create(CultureInfo.InvariantCulture,
            $"{NameOf(result)} must be a whole number from {least} to {most}, not '{text}'."));
        return least;
    }

    private static string Described<T>(string description, T least, T most) where T : IMinMaxValue<T>, IEquatable<T> =>
        string.Create(CultureInfo.InvariantCulture, $"{description} {least} {(most.Equals(T.MaxValue) ? "and more" : $"to {most}")}.");

    private static string TextOf(ArgumentResult result) => result.Tokens is [var token] ? token.Value : "";

    private static string NameOf(ArgumentResult result) => result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
}
