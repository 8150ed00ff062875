using System.CommandLine;

namespace Winnow.Cli;

/// <summary>Options that say the same thing differently: of two that are given, one would count and the other be lost in silence.</summary>
internal static class OptionPairs
{
    /// <summary>Refuses a line on which both stand.</summary>
    /// <param name="command">The command that has them.</param>
    /// <param name="one">The one.</param>
    /// <param name="other">The other.</param>
    /// <param name="why">Why they do not go together, as the end of a sentence.</param>
    public static void NotBoth(this Command command, Option one, Option other, string why) => command.Validators.Add(line =>
    {
        if (line.GetResult(one) is { Implicit: false } && line.GetResult(other) is { Implicit: false })
            line.AddError($"{one.Name} and {other.Name} do not go together: {why} Give one of them.");
    });
}
