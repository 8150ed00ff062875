using Winnow.Grains.Placement;
using Winnow.Grains.Scoring;

namespace Winnow.Cluster.Tests.Scoring;

public sealed class PrecisionAgreementTests
{
    private const string Backbone = "net";

    [Fact]
    public void The_version_of_embeddings_names_the_precision()
    {
        Assert.Equal(Backbone, DeviceDirectory.Embeddings(Backbone, [Silo("a", 1, "Float32")]));
        Assert.Equal("net-float16", DeviceDirectory.Embeddings(Backbone, [Silo("a", 1, "Float16"), Silo("b", 2, "Float16")]));
    }

    [Fact]
    public void Silos_that_score_in_different_precisions_are_named()
    {
        var differ = Assert.Throws<InvalidOperationException>(() =>
            DeviceDirectory.Embeddings(Backbone, [Silo("b", 1, "Float16"), Silo("a", 1, "Float16"), Silo("c", 1, "Float32")]));
        Assert.Contains("Float16 on a, b; Float32 on c", differ.Message);
        Assert.Contains("Scoring:Precision", differ.Message);
    }

    [Fact]
    public void Silos_without_devices_have_no_say_and_those_of_an_older_release_compute_in_float32()
    {
        Assert.Equal("net-float16", DeviceDirectory.Embeddings(Backbone, [Silo("core", 0, "Float32"), Silo("a", 1, "Float16")]));
        var older = Silo("older", 1, "");
        older.Remove(SiloTraits.Precision);
        Assert.Equal(Backbone, DeviceDirectory.Embeddings(Backbone, [older, Silo("a", 1, "Float32")]));
        Assert.Contains("Float32 on older",
            Assert.Throws<InvalidOperationException>(() => DeviceDirectory.Embeddings(Backbone, [older, Silo("a", 1, "Float16")])).Message);
        Assert.Contains("Role=scoring",
            Assert.Throws<InvalidOperationException>(() => DeviceDirectory.Embeddings(Backbone, [Silo("core", 0, "Float32")])).Message);
    }

    private static Dictionary<string, string> Silo(string name, int devices, string precision) =>
        SiloTraits.Describe(SiloTraits.Scoring, name, devices, precision, []);
}
