namespace Winnow.Testing;

/// <summary>Arguments of a silo, which takes none twice: a test's own stand over those that every test has.</summary>
public static class SiloArguments
{
    /// <summary>One of each name, in the order in which they were first named, with the value that it was given last.</summary>
    /// <param name="arguments">Names and values by turns.</param>
    public static string[] LastOfEach(params IEnumerable<string> arguments)
    {
        var last = new OrderedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair is not [['-', '-', ..] name, var value])
                throw new ArgumentException($"'{pair[0]}' is no name with a value behind it.");
            last[name] = value;
        }
        return [.. last.SelectMany(o => new[] { o.Key, o.Value })];
    }
}
