using System.Reflection;
using Winnow.Testing;

namespace Winnow.Web.Tests.House;

/// <summary>
/// A line holds one thought and is seen whole: at most 140 characters. A raw literal is what somebody else wrote, a document or a
/// statement, and stands as it is.
/// </summary>
public sealed class LinesTests
{
    private const int Most = 140;
    private const string Raw = "\"\"\"";

    [Fact]
    public void No_line_is_longer_than_is_seen_at_once()
    {
        var root = typeof(SiloProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Repository").Value!;
        var files = new[] { "grains", "silos", "clients", "tests" }
            .SelectMany(f => new[] { "*.cs", "*.razor" }.SelectMany(
                kind => Directory.EnumerateFiles(Path.Combine(root, f), kind, SearchOption.AllDirectories)))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .ToList();
        Assert.True(files.Count > 500, $"{files.Count} files were looked at");
        var wrong = files.SelectMany(f => TooLong(f).Select(n => $"{Path.GetRelativePath(root, f)}:{n}")).ToList();
        Assert.True(wrong.Count == 0, $"Break these lines:\n{string.Join('\n', wrong)}");
    }

    private static IEnumerable<int> TooLong(string file)
    {
        var (number, inside) = (0, false);
        foreach (var line in File.ReadLines(file))
        {
            number++;
            var holds = line.Contains(Raw, StringComparison.Ordinal);
            if (line.Length > Most && !inside && !holds && !line.Contains("$@\"", StringComparison.Ordinal)) yield return number;
            if ((line.Split(Raw).Length - 1) % 2 == 1) inside = !inside;
        }
    }
}
