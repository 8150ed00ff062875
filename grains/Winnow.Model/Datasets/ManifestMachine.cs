using Winnow.Model.MachineDecisions;

namespace Winnow.Model.Datasets;

/// <summary>Which decision of a machine the label of a manifest's row is.</summary>
/// <param name="Run">The run that it belongs to.</param>
/// <param name="Source">The model or tool that decided.</param>
/// <param name="Version">Which state of it; null where it says nothing of it.</param>
/// <param name="Confidence">Its confidence in the whole of it, in [0, 1]; null where it says nothing of it.</param>
public sealed record ManifestMachine(string Run, string Source, string? Version, double? Confidence)
{
    /// <summary>The first thing that is wrong, as a sentence; null when all is sound.</summary>
    public string? Check() =>
        MemberRules.Text("run", Run, ImageMachineDecision.MaxName, least: 1)
        ?? MemberRules.Text("source", Source, ImageMachineDecision.MaxName, least: 1)
        ?? MemberRules.TextOrNone("version", Version, ImageMachineDecision.MaxName)
        ?? MemberRules.Share("confidence", Confidence);
}
