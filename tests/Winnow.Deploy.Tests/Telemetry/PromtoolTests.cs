using System.Text.RegularExpressions;
using Winnow.Testing;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>Prometheus' own tool on the files that Prometheus will read.</summary>
[Trait("needs", "prometheus")]
public sealed partial class PromtoolTests
{
    private const string Folder = "deploy/prometheus";

    private static Task<string[]> PromtoolAsync(params string[] arguments) => ServiceScript.RunAsync("prometheus", ["tool", .. arguments]);

    [Fact]
    public async Task The_configuration_and_its_rules_are_sound()
    {
        await PromtoolAsync("check", "config", Repository.PathOf($"{Folder}/prometheus.yml"));
        await PromtoolAsync("check", "rules", "--lint=all", "--lint-fatal", Repository.PathOf($"{Folder}/alerts.yml"));
    }

    /// <summary>Debian's Prometheus is built without the discovery of Kubernetes' pods, so all of the file but that is checked.</summary>
    [Fact]
    public async Task The_configuration_for_Kubernetes_is_sound_but_for_the_discovery()
    {
        var folder = Directory.CreateTempSubdirectory("winnow-prometheus-");
        try
        {
            var text = Repository.Read($"{Folder}/kubernetes.yml");
            var without = Discovery().Replace(text, "    static_configs: [{targets: [\"silo:9464\"]}]\n");
            Assert.NotEqual(text, without);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "prometheus.yml"), without);
            File.Copy(Repository.PathOf($"{Folder}/alerts.yml"), Path.Combine(folder.FullName, "alerts.yml"));
            await PromtoolAsync("check", "config", Path.Combine(folder.FullName, "prometheus.yml"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Alerts_fire_when_they_should_and_only_then()
    {
        await PromtoolAsync("test", "rules", Repository.PathOf($"{Folder}/alerts.test.yml"));
        // Every alert is tried.
        var alerts = Alert().Matches(Repository.Read($"{Folder}/alerts.yml")).Select(m => m.Groups[1].Value).ToArray();
        var tried = Tried().Matches(Repository.Read($"{Folder}/alerts.test.yml")).Select(m => m.Groups[1].Value).ToHashSet();
        Assert.NotEmpty(alerts);
        Assert.All(alerts, a => Assert.Contains(a, tried));
    }

    [Fact]
    public async Task A_wrong_expectation_is_noticed()
    {
        var folder = Directory.CreateTempSubdirectory("winnow-prometheus-");
        try
        {
            File.Copy(Repository.PathOf($"{Folder}/alerts.yml"), Path.Combine(folder.FullName, "alerts.yml"));
            var wrong = Repository.Read($"{Folder}/alerts.test.yml").Replace("value: 4000", "value: 4001", StringComparison.Ordinal);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "alerts.test.yml"), wrong);
            await Assert.ThrowsAsync<InvalidOperationException>(() =>
                PromtoolAsync("test", "rules", Path.Combine(folder.FullName, "alerts.test.yml")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"    kubernetes_sd_configs:\n(      .*\n)+")]
    private static partial Regex Discovery();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"alertname: (\w+)")]
    private static partial Regex Tried();
}
