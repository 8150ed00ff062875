using ArchUnitNET.Fluent.Slices;
using ArchUnitNET.Loader;

namespace Winnow.Web.Tests.House;

/// <summary>
/// Folders refer to each other one way: what stands in a circle can only be understood, tested and moved as a whole. Namespaces follow
/// folders, so references between types say what folders refer to.
/// </summary>
public sealed class CycleTests
{
    [Theory]
    [InlineData("Winnow.Model")]
    [InlineData("Winnow.Grains")]
    [InlineData("Winnow.Abstractions")]
    [InlineData("Winnow.Algorithms")]
    [InlineData("Winnow.Adapters")]
    [InlineData("Winnow.Inference")]
    [InlineData("Winnow.Silo")]
    [InlineData("Winnow.Client")]
    [InlineData("Winnow.Web")]
    [InlineData("Winnow.Cli", "winnow")]
    public void No_folders_of_a_project_stand_in_a_circle(string project, string? assembly = null)
    {
        var architecture = new ArchLoader().LoadAssemblies(System.Reflection.Assembly.Load(assembly ?? project)).Build();
        var rule = SliceRuleDefinition.Slices().Matching($"{project}.(*)..").Should().BeFreeOfCycles();
        var wrong = rule.Evaluate(architecture).Where(r => !r.Passed).Select(r => r.Description).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }
}
