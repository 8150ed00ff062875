namespace Winnow.Silo.Hosting.Settings;

/// <summary>
/// Arguments of the form <c>--Section:Name value</c> or <c>--Section:Name=value</c>. One that stands twice is refused: whichever counted,
/// the other was meant too.
/// </summary>
internal static class CommandLine
{
    /// <exception cref="InvalidOperationException">An argument is no option, or has no value.</exception>
    public static List<KeyValuePair<string, string?>> Parse(string[] arguments)
    {
        var options = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 2)
                throw new InvalidOperationException($"'{argument}' is no option. Options are written --Name VALUE; '--help' shows them.");
            var (name, value) = argument.IndexOf('=') is > 0 and var at ? (argument[2..at], argument[(at + 1)..]) : (argument[2..], null);
            if (value is null)
            {
                // Checked first: of a mistyped name nobody wants to hear that its value is missing.
                Demand(OptionTree.All.CheckName(name, Shown));
                if (i + 1 == arguments.Length || arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                    throw new InvalidOperationException(
                        $"--{name} needs a value: --{name} VALUE. One that begins with '--' is written --{name}=VALUE.");
                value = arguments[++i];
            }
            Demand(OptionTree.All.Check(name, value, Shown));
            if (!options.TryAdd(name, value)) throw new InvalidOperationException($"--{name} stands twice. Leave one.");
        }
        return [.. options];
    }

    private static string Shown(string name) => "--" + name;

    private static void Demand(string? wrong)
    {
        if (wrong is not null) throw new InvalidOperationException(wrong);
    }
}
