using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Metadata;
using Winnow.Grains;

namespace Winnow.Cluster.Tests.Upgrade;

/// <summary>
/// What a silo tells others of its grains: a class that moves, and is then told under another name, stops every call to it while silos of
/// the last release run beside.
/// </summary>
public sealed class GrainNamesTests
{
    [Fact]
    public void Every_grain_is_told_under_the_name_that_the_last_release_knows()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddWinnowGrains();
        builder.UseOrleans(silo => silo.UseLocalhostClustering().Services.AddWinnowWireFormat());
        using var host = builder.Build();
        var grains = host.Services.GetRequiredService<IClusterManifestProvider>().LocalGrainManifest.Grains;
        var told = grains
            .Select(g => (Type: g.Key.ToString(), Class: g.Value.Properties[WellKnownGrainTypeProperties.FullTypeName]))
            .Where(g => g.Class.StartsWith("Winnow.Grains.", StringComparison.Ordinal))
            .Select(g => $"{g.Type} {g.Class}").Order(StringComparer.Ordinal);
        var golden = Path.Combine(AppContext.BaseDirectory, "Upgrade", "grain-names.txt");
        Assert.Equal(File.ReadAllLines(golden), told);
    }
}
