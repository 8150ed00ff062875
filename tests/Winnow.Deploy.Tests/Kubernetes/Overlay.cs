using k8s;
using k8s.Models;

namespace Winnow.Deploy.Tests.Kubernetes;

/// <summary>One overlay as kustomize builds it, parsed strictly: an unknown field, kind or type is an error.</summary>
public sealed class Overlay
{
    public static readonly string[] Names = ["cpu", "gpu"];

    private static readonly Dictionary<string, Type> Types = new() { ["keda.sh/v1alpha1/ScaledObject"] = typeof(ScaledObject) };

    private readonly List<object> _resources;

    private Overlay(List<object> resources) => _resources = resources;

    public static async Task<Overlay> BuildAsync(string name)
    {
        var yaml = await Repository.RunAsync("kubectl", "kustomize", $"deploy/kubernetes/overlays/{name}");
        return new Overlay(KubernetesYaml.LoadAllFromString(yaml, Types, strict: true));
    }

    public static List<object> Parse(string yaml) => KubernetesYaml.LoadAllFromString(yaml, Types, strict: true);

    public IReadOnlyList<T> All<T>() => [.. _resources.OfType<T>()];

    public IReadOnlyList<object> Resources => _resources;

    public IEnumerable<V1PodSpec> Pods => All<V1Deployment>().Select(d => d.Spec.Template.Spec);

    public V1Deployment Deployment(string name) => All<V1Deployment>().Single(d => d.Metadata.Name == name);

    /// <summary>The workloads whose pods a selector matches; an empty selector matches all.</summary>
    public IReadOnlyList<string> Matching(IDictionary<string, string>? selector) =>
        [.. All<V1Deployment>()
        .Where(d => (selector ?? new Dictionary<string, string>())
            .All(l => d.Spec.Template.Metadata.Labels.TryGetValue(l.Key, out var value) && value == l.Value)).Select(d => d.Metadata.Name)];
}
