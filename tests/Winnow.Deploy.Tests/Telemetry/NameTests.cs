using System.Text.RegularExpressions;
using k8s.Models;
using Winnow.Deploy.Tests.Kubernetes;
using YamlDotNet.RepresentationModel;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>Whatever dashboards, alerts and autoscalers read is something that a silo reports or a rule records.</summary>
public sealed class NameTests
{
    /// <summary>Series of the libraries underneath that are relied on. That they are really there is tested against a real silo.</summary>
    private static readonly HashSet<string> Foreign =
    [
        "up", "http_server_request_duration_seconds_bucket", "http_server_request_duration_seconds_count", "orleans_catalog_activations",
        "dotnet_process_cpu_time_seconds_total", "dotnet_process_memory_working_set_bytes",
    ];

    private static IEnumerable<(string? Record, string Expression)> Rules()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Repository.Read("deploy/prometheus/alerts.yml")));
        foreach (var group in (YamlSequenceNode)yaml.Documents[0].RootNode["groups"])
            foreach (var rule in ((YamlSequenceNode)group["rules"]).Cast<YamlMappingNode>())
                yield return (rule.Children.TryGetValue("record", out var record) ? record.ToString() : null, rule["expr"].ToString());
    }

    private static void AssertKnown(string where, string expression)
    {
        var series = Dashboards.SeriesOf(expression).ToArray();
        Assert.NotEmpty(series);
        var recorded = Rules().Select(r => r.Record).ToHashSet();
        Assert.All(series, s =>
            Assert.True(Instruments.Names.Contains(s) || Foreign.Contains(s) || recorded.Contains(s),
                $"{where} reads {s}, which nothing reports."));
    }

    [Fact]
    public void Dashboards_read_what_is_reported()
    {
        var queries = Dashboards.Queries().ToArray();
        Assert.Equal(["cluster.json", "drift.json", "learning.json", "quality.json", "scoring.json"],
            queries.Select(q => q.Dashboard).Distinct());
        Assert.All(queries, q => AssertKnown($"{q.Dashboard}, '{q.Panel}'", q.Expression));
    }

    [Fact]
    public void Alerts_and_recordings_read_what_is_reported() => Assert.All(Rules(), r => AssertKnown("alerts.yml", r.Expression));

    [Fact, Trait("needs", "kubectl")]
    public async Task Autoscalers_read_what_is_recorded()
    {
        var recorded = Rules().Select(r => r.Record).OfType<string>().ToHashSet();
        var external = (await Overlay.BuildAsync("cpu")).All<V2HorizontalPodAutoscaler>().Single(h => h.Metadata.Name == "scoring")
            .Spec.Metrics.Single().External;
        Assert.Contains(external.Metric.Name, recorded);
        Assert.Contains($"metricsQuery: '{external.Metric.Name}'",
            Repository.Read("deploy/kubernetes/components/scoring-hpa/adapter-values.yaml"), StringComparison.Ordinal);
        var trigger = (await Overlay.BuildAsync("gpu")).All<ScaledObject>().Single().Spec.Triggers.Single();
        Assert.Contains(trigger.Metadata["query"], recorded);
        Assert.Equal(("Value", "Value"), (trigger.MetricType, external.Target.Type));
    }

    [Fact]
    public void Series_are_found_in_queries() => Assert.Equal(
        ["winnow_a_total", "up", "winnow:b"],
        Dashboards.SeriesOf("sum by (le, dataset) (rate(winnow_a_total{status=\"x\"}[5m])) / clamp_min(sum(up) or vector(0), 1) > 0 "
            + "unless on (arm) max_over_time(winnow:b[7d])"));

    [Fact]
    public void Tags_are_few_valued()
    {
        // What is said of an instrument's tags in the code is all that dashboards may group by.
        string[] allowed = ["dataset", "arm", "step", "stage", "status", "role", "device", "outcome", "le", "instance",
            "http_response_status_code"];
        var groupings = Dashboards.Queries().Select(q => q.Expression).Concat(Rules().Select(r => r.Expression))
            .SelectMany(e => Regex.Matches(e, @"\bby \(([^)]*)\)").SelectMany(m => m.Groups[1].Value.Split(", ")));
        Assert.All(groupings, g => Assert.Contains(g, allowed));
    }
}
