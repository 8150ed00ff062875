using System.Reflection;
using Winnow.Testing;

namespace Winnow.Web.Tests.House;

/// <summary>
/// Original bytes leave the store by one way, which asks for whom and what for. Who else names the keys they lie under brings them in, or
/// holds a key against what the store has: each is named here, with its reason.
/// </summary>
public sealed class OriginalsTests
{
    private static readonly Dictionary<string, string> MayName = new()
    {
        ["StoredImage.cs"] = "is the way",
        ["ImageIntake.cs"] = "brings them in",
        ["BackupIntake.cs"] = "brings them in",
        ["ShardVerifier.cs"] = "names what is missing",
        ["DatasetVerifier.cs"] = "names what is missing",
        ["ImageContent.cs"] = "names what is missing",
    };

    [Fact]
    public void Nobody_takes_original_bytes_but_by_the_way_that_asks_what_for()
    {
        var root = typeof(SiloProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Repository").Value!;
        var named = new[] { "grains", "silos", "clients" }
            .SelectMany(f => Directory.EnumerateFiles(Path.Combine(root, f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(f => File.ReadAllText(f).Contains("ObjectKeys.Image(", StringComparison.Ordinal))
            .Select(f => Path.GetFileName(f)!).Order().ToList();
        Assert.Equal(MayName.Keys.Order(), named);
    }
}
