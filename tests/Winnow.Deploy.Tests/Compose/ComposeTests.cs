using System.Collections.Concurrent;
using Winnow.Deploy.Tests.Kubernetes;
using YamlDotNet.RepresentationModel;

namespace Winnow.Deploy.Tests.Compose;

/// <summary>The compose files, as docker-compose itself reads them.</summary>
[Trait("needs", "docker-compose")]
public sealed class ComposeTests
{
    private static readonly string[] Silos = ["core-1", "core-2", "gateway", "scoring"];

    // docker-compose takes two seconds to start, whatever it is asked.
    private static readonly ConcurrentDictionary<string, Task<YamlMappingNode>> Configs = [];

    private static Task<YamlMappingNode> ConfigAsync(string file) => Configs.GetOrAdd(file, ReadAsync);

    private static async Task<YamlMappingNode> ReadAsync(string file)
    {
        var text = await Repository.RunAsync("bash", "tests/services/compose-config", Repository.PathOf(file), Repository.Root);
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static IEnumerable<(string Name, YamlMappingNode Service)> Services(YamlMappingNode config) =>
        ((YamlMappingNode)config["services"]).Select(s => (((YamlScalarNode)s.Key).Value!, (YamlMappingNode)s.Value));

    private static string[] List(YamlMappingNode service, string key) =>
        !service.Children.TryGetValue(key, out var list) ? []
        : list is YamlMappingNode map ? [.. map.Select(m => ((YamlScalarNode)m.Key).Value!)]
        : [.. ((YamlSequenceNode)list).Select(i => i is YamlMappingNode m ? m["source"].ToString() : i.ToString())];

    [Fact]
    public async Task A_cluster_with_all_it_stands_on()
    {
        var config = await ConfigAsync("docker-compose.yml");
        var services = Services(config).ToDictionary(s => s.Name, s => s.Service);
        Assert.Equal([.. Silos, "bucket", "collector", "grafana", "minio", "postgres", "prometheus"],
            services.Keys.Order().OrderBy(n => !Silos.Contains(n)));
        foreach (var name in Silos)
        {
            var environment = (YamlMappingNode)services[name]["environment"];
            Assert.Equal(name.Split('-')[0], environment["WINNOW_Role"].ToString());
            Assert.Equal(name, environment["WINNOW_Cluster__AdvertisedAddress"].ToString());
            // The images' own health check asks the operators' port.
            Assert.Equal("http://0.0.0.0:9464", environment["WINNOW_Metrics__Url"].ToString());
            // Every file that an option names is one of its secrets.
            foreach (var file in environment.Where(e => e.Key.ToString().EndsWith("File", StringComparison.Ordinal)))
                Assert.Contains(Path.GetFileName(file.Value.ToString()), List(services[name], "secrets"));
            Assert.Equal(name == "gateway", List(services[name], "secrets").Contains("api-key"));
            Assert.Contains("silo-certificate", List(services[name], "secrets"));
        }
        // Everything else has a health check of its own, but for what ends by itself and what has no program to ask with.
        Assert.Equal(["bucket", "collector"],
            services.Where(s => !Silos.Contains(s.Key) && !s.Value.Children.ContainsKey("healthcheck")).Select(s => s.Key).Order());
        Assert.All(services.Values,
            s => Assert.Matches(ManifestTests.PinnedImage(), s["image"].ToString().Replace("RELEASE.", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Nothing_but_the_gateway_and_Grafana_is_published_and_those_on_this_machine_alone()
    {
        var config = await ConfigAsync("docker-compose.yml");
        Assert.Equal("true", config["networks"]["silos"]["internal"].ToString());
        var published = Services(config).Where(s => s.Service.Children.ContainsKey("ports")).ToArray();
        Assert.Equal(["gateway", "grafana"], published.Select(p => p.Name).Order());
        Assert.All(published.SelectMany(p => List(p.Service, "ports")), p => Assert.StartsWith("127.0.0.1:", p, StringComparison.Ordinal));
        Assert.All(Services(config), s => Assert.Contains("silos", List(s.Service, "networks")));
        Assert.Equal(["gateway", "grafana"],
            Services(config).Where(s => List(s.Service, "networks").Contains("front")).Select(s => s.Name).Order());
    }

    [Fact]
    public async Task The_script_makes_every_secret_and_keeps_those_that_are_there()
    {
        var folder = Directory.CreateTempSubdirectory("winnow-secrets-");
        try
        {
            await Repository.RunAsync("bash", "deploy/make-secrets", folder.FullName);
            var made = folder.GetFiles().ToDictionary(f => f.Name, f => File.ReadAllText(f.FullName));
            var wanted = ((YamlMappingNode)(await ConfigAsync("docker-compose.yml"))["secrets"]).Select(s => s.Key.ToString());
            // What signs certificates is nobody's to mount.
            Assert.Equal(wanted.Append("silo-authority-key").Order(), made.Keys.Order());
            Assert.All(made.Values, v => Assert.True(v.Trim().Length >= 8));
            Assert.EndsWith($"Password={made["postgres-password"]}", made["postgres-connection"], StringComparison.Ordinal);
            await Repository.RunAsync("bash", "deploy/make-secrets", folder.FullName);
            Assert.All(folder.GetFiles(), f => Assert.Equal(made[f.Name], File.ReadAllText(f.FullName)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task One_silo_with_embedded_storage()
    {
        var (_, service) = Assert.Single(Services(await ConfigAsync("deploy/docker-compose.embedded.yml")));
        Assert.StartsWith("127.0.0.1:", Assert.Single(List(service, "ports")), StringComparison.Ordinal);
        Assert.Equal(["api-key"], List(service, "secrets"));
    }

    [Fact]
    public async Task Prometheus_reads_every_silo()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Repository.Read("deploy/prometheus/prometheus.yml")));
        var job = ((YamlSequenceNode)yaml.Documents[0].RootNode["scrape_configs"]).Single();
        var targets = ((YamlSequenceNode)job["static_configs"]).SelectMany(s => ((YamlSequenceNode)s["targets"]).Select(t => t.ToString()));
        Assert.Equal(Silos.Select(s => $"{s}:9464").Order(), targets.Order());
        Assert.NotEmpty(Services(await ConfigAsync("docker-compose.yml")));
    }
}
