using System.Globalization;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Winnow.Deploy.Tests.Kubernetes;

/// <summary>The manifests hold together: what is named is there, what is selected exists, and the ports are the silo's.</summary>
[Trait("needs", "kubectl")]
public sealed partial class ManifestTests
{
    // The silo's defaults; an operator who changes one has to change all that stands here.
    private static readonly Dictionary<string, int> SiloPorts = new() { ["silo"] = 11111, ["operators"] = 9464 };
    private const int FrontDoor = 5080;

    private static readonly HashSet<string> Options =
    [
        "Role", "Cluster__ServiceId", "Cluster__ClusterId", "Cluster__SiloPort", "Cluster__AdvertisedAddress",
        "Postgres__ConnectionStringFile",
        "S3__Endpoint", "S3__Bucket", "S3__AccessKeyFile", "S3__SecretKeyFile", "Api__KeyFile", "Otlp", "Metrics__Url",
        "Cluster__Tls__CertificateFile", "Cluster__Tls__KeyFile", "Cluster__Tls__AuthorityFile",
    ];

    public static TheoryData<string> Overlays => [.. Overlay.Names];

    [Theory, MemberData(nameof(Overlays))]
    public async Task Each_role_is_a_workload_and_nothing_else_is(string name)
    {
        var overlay = await Overlay.BuildAsync(name);
        Assert.Equal(["core", "gateway", "scoring"], overlay.All<V1Deployment>().Select(d => d.Metadata.Name).Order());
        foreach (var deployment in overlay.All<V1Deployment>())
        {
            var role = deployment.Spec.Template.Spec.Containers.Single().Env.Single(e => e.Name == "WINNOW_Role").Value;
            Assert.Equal(deployment.Metadata.Name, role);
        }
        Assert.All(overlay.Resources,
            r => Assert.Equal("winnow",
                r is V1Namespace n ? n.Metadata.Name : ((k8s.IKubernetesObject<V1ObjectMeta>)r).Metadata.NamespaceProperty));
    }

    [Theory, MemberData(nameof(Overlays))]
    public async Task Selectors_match_what_they_mean(string name)
    {
        var overlay = await Overlay.BuildAsync(name);
        foreach (var deployment in overlay.All<V1Deployment>())
        {
            Assert.Equal([deployment.Metadata.Name], overlay.Matching(deployment.Spec.Selector.MatchLabels));
            foreach (var spread in deployment.Spec.Template.Spec.TopologySpreadConstraints)
                Assert.Equal([deployment.Metadata.Name], overlay.Matching(spread.LabelSelector.MatchLabels));
        }
        foreach (var budget in overlay.All<V1PodDisruptionBudget>())
            Assert.Equal([budget.Metadata.Name], overlay.Matching(budget.Spec.Selector.MatchLabels));
        Assert.Equal(overlay.All<V1Deployment>().Count, overlay.All<V1PodDisruptionBudget>().Count);
        var service = Assert.Single(overlay.All<V1Service>());
        Assert.Equal(["gateway"], overlay.Matching(service.Spec.Selector));
        Assert.All(overlay.All<V1NetworkPolicy>(), p => Assert.NotEmpty(overlay.Matching(p.Spec.PodSelector.MatchLabels)));
    }

    [Theory, MemberData(nameof(Overlays))]
    public async Task What_is_referred_to_is_there(string name)
    {
        var overlay = await Overlay.BuildAsync(name);
        var maps = overlay.All<V1ConfigMap>().Select(m => m.Metadata.Name).ToHashSet();
        var accounts = overlay.All<V1ServiceAccount>().Select(a => a.Metadata.Name).ToHashSet();
        var secrets = await MadeSecretsAsync();
        foreach (var pod in overlay.Pods)
        {
            Assert.Contains(pod.ServiceAccountName, accounts);
            var container = pod.Containers.Single();
            Assert.All(container.EnvFrom, e => Assert.Contains(e.ConfigMapRef.Name, maps));
            Assert.All(container.VolumeMounts, m => Assert.Contains(m.Name, pod.Volumes.Select(v => v.Name)));
            var files = new HashSet<string>();
            foreach (var secret in pod.Volumes.Where(v => v.Projected is not null).SelectMany(v => v.Projected.Sources)
                .Select(s => s.Secret))
            {
                Assert.Contains(secret.Name, secrets);
                foreach (var item in secret.Items)
                {
                    Assert.Contains(item.Key, secrets[secret.Name]);
                    files.Add($"/run/secrets/winnow/{item.Path}");
                }
            }
            // Every file that an option names is mounted.
            var named = container.Env.Where(e => e.Value is not null).Select(e => (e.Name, e.Value))
                .Concat(overlay.All<V1ConfigMap>().Single().Data.Select(d => (Name: d.Key, d.Value)));
            Assert.All(named.Where(n => n.Name.EndsWith("File", StringComparison.Ordinal)), n => Assert.Contains(n.Value, files));
        }
    }

    [Theory, MemberData(nameof(Overlays))]
    public async Task Options_are_ones_that_a_silo_has_and_ports_are_its_ports(string name)
    {
        var overlay = await Overlay.BuildAsync(name);
        var config = overlay.All<V1ConfigMap>().Single().Data;
        Assert.Equal(SiloPorts["silo"].ToString(CultureInfo.InvariantCulture), config["WINNOW_Cluster__SiloPort"]);
        Assert.Equal(SiloPorts["operators"], new Uri(config["WINNOW_Metrics__Url"]).Port);
        foreach (var deployment in overlay.All<V1Deployment>())
        {
            var container = deployment.Spec.Template.Spec.Containers.Single();
            Assert.All(container.Env.Select(e => e.Name).Concat(config.Keys), n => Assert.Contains(n["WINNOW_".Length..], Options));
            var ports = container.Ports.ToDictionary(p => p.Name, p => p.ContainerPort);
            var front = deployment.Metadata.Name == "gateway";
            Assert.Equal(front ? [.. SiloPorts, new("http", FrontDoor)] : [.. SiloPorts],
                ports.OrderBy(p => p.Key == "http").ThenByDescending(p => p.Key));
            // Only the gateway's front door can be reached from outside its pod.
            Assert.Equal(front ? $"http://0.0.0.0:{FrontDoor}" : $"http://127.0.0.1:{FrontDoor}", container.Args[1]);
            Assert.All([container.StartupProbe, container.ReadinessProbe, container.LivenessProbe],
                p => Assert.Contains((string)p.HttpGet.Port, ports.Keys));
            Assert.Equal(("/health/live", "/health/ready", "/health/live"),
                (container.StartupProbe.HttpGet.Path, container.ReadinessProbe.HttpGet.Path, container.LivenessProbe.HttpGet.Path));
        }
        Assert.Equal("http", (string)overlay.All<V1Service>().Single().Spec.Ports.Single().TargetPort);
    }

    [Theory, MemberData(nameof(Overlays))]
    public async Task A_pod_may_do_no_more_than_it_must_and_images_are_pinned(string name)
    {
        var overlay = await Overlay.BuildAsync(name);
        foreach (var pod in overlay.Pods)
        {
            Assert.False(pod.AutomountServiceAccountToken);
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            var container = pod.Containers.Single();
            Assert.Matches(PinnedImage(), container.Image);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Contains("memory", container.Resources.Limits.Keys);
            // The drain has to end before the pod is killed.
            var drain = string.Join(' ', container.Lifecycle.PreStop.Exec.Command);
            Assert.Contains($"ask POST {SiloPorts["operators"]} /operator/drain", drain);
            Assert.True(int.Parse(Patience().Match(drain).Groups[1].Value,
                CultureInfo.InvariantCulture) < pod.TerminationGracePeriodSeconds - 20);
        }
    }

    [Theory, MemberData(nameof(Overlays))]
    public async Task Nobody_but_silos_reaches_Orleans_and_nobody_but_Prometheus_the_operators_port(string name)
    {
        var overlay = await Overlay.BuildAsync(name);
        foreach (var deployment in overlay.All<V1Deployment>())
        {
            var labels = deployment.Spec.Template.Metadata.Labels;
            var policies = overlay.All<V1NetworkPolicy>()
                .Where(p => p.Spec.PolicyTypes.Contains("Ingress") && (p.Spec.PodSelector.MatchLabels ?? new Dictionary<string, string>())
                    .All(l => labels.TryGetValue(l.Key, out var v) && v == l.Value)).ToArray();
            // A pod that no policy selects is open.
            Assert.NotEmpty(policies);
            foreach (var rule in policies.SelectMany(p => p.Spec.Ingress ?? []))
            {
                // A rule without ports opens all of them.
                Assert.NotEmpty(rule.Ports ?? []);
                foreach (string port in rule.Ports!.Select(p => (string)p.Port))
                {
                    if (port == "silo")
                    {
                        var peer = Assert.Single(rule.FromProperty);
                        Assert.Null(peer.NamespaceSelector);
                        Assert.Equal(new KeyValuePair<string, string>("winnow.dev/silo", "true"),
                            Assert.Single(peer.PodSelector.MatchLabels));
                    }
                    else if (port == "operators")
                    {
                        Assert.Equal(new KeyValuePair<string, string>("winnow.dev/metrics", "allowed"),
                            Assert.Single(Assert.Single(rule.FromProperty).NamespaceSelector.MatchLabels));
                    }
                    else
                    {
                        Assert.Equal(("http", "gateway"), (port, deployment.Metadata.Name));
                    }
                }
            }
        }
    }

    [Theory, MemberData(nameof(Overlays))]
    public async Task Each_autoscaler_has_a_workload_of_its_own(string name)
    {
        var overlay = await Overlay.BuildAsync(name);
        var targets = overlay.All<V2HorizontalPodAutoscaler>().Select(h => h.Spec.ScaleTargetRef.Name)
            .Concat(overlay.All<ScaledObject>().Select(s => s.Spec.ScaleTargetRef.Name)).ToArray();
        Assert.Equal(["gateway", "scoring"], targets.Order());
        Assert.All(targets, t => Assert.Null(overlay.Deployment(t).Spec.Replicas));
        Assert.True(overlay.Deployment("core").Spec.Replicas >= 2);
        Assert.Equal(name == "gpu" ? 0 : 1,
            overlay.All<ScaledObject>().Select(s => s.Spec.MinReplicaCount)
            .Concat(overlay.All<V2HorizontalPodAutoscaler>().Where(h => h.Metadata.Name == "scoring").Select(h => h.Spec.MinReplicas))
            .Single());
    }

    [Fact]
    public async Task Only_the_devices_overlay_asks_for_devices()
    {
        Assert.DoesNotContain((await Overlay.BuildAsync("cpu")).Pods,
            p => p.Containers.Single().Resources.Limits.ContainsKey("nvidia.com/gpu"));
        var gpu = await Overlay.BuildAsync("gpu");
        var pod = gpu.Deployment("scoring").Spec.Template.Spec;
        Assert.Equal("1", pod.Containers.Single().Resources.Limits["nvidia.com/gpu"].ToString());
        Assert.StartsWith("winnow-gpu:", pod.Containers.Single().Image, StringComparison.Ordinal);
        Assert.Contains(pod.Tolerations, t => t.Key == "nvidia.com/gpu");
        Assert.NotNull(pod.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution);
        Assert.DoesNotContain(gpu.All<V1Deployment>().Where(d => d.Metadata.Name != "scoring"),
            d => d.Spec.Template.Spec.Containers.Single().Resources.Limits.ContainsKey("nvidia.com/gpu"));
    }

    [Fact]
    public void Strict_parsing_is_strict()
    {
        Assert.ThrowsAny<Exception>(() =>
            Overlay.Parse("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replica: 2}\n"));
        Assert.ThrowsAny<Exception>(() =>
            Overlay.Parse("apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: x}\nspec: {minReplicas: 0}\n"));
        Assert.ThrowsAny<Exception>(() => Overlay.Parse("apiVersion: apps/v2\nkind: Deployment\nmetadata: {name: x}\n"));
    }

    /// <summary>What the script for operators makes, by name and key.</summary>
    private static async Task<Dictionary<string, HashSet<string>>> MadeSecretsAsync()
    {
        var folder = Directory.CreateTempSubdirectory("winnow-secrets-");
        try
        {
            await Repository.RunAsync("bash", "deploy/make-secrets", folder.FullName);
            var yaml = await Repository.RunAsync("bash", "deploy/kubernetes/make-secrets", folder.FullName, "--dry-run=client", "-o",
                "yaml");
            return Overlay.Parse(yaml).Cast<V1Secret>().ToDictionary(s => s.Metadata.Name, s => s.Data.Keys.ToHashSet());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"^[a-z0-9./-]+:(?!latest)[A-Za-z0-9][A-Za-z0-9._-]*\d[A-Za-z0-9._-]*$")]
    internal static partial Regex PinnedImage();

    [GeneratedRegex(@"ASK_SECONDS=(\d+)")]
    private static partial Regex Patience();
}
