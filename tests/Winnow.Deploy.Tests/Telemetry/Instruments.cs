using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Winnow.Abstractions.Telemetry;
using Winnow.Grains.Telemetry;
using Winnow.Inference.Scoring;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>Winnow's instruments under the names that Prometheus gets to see.</summary>
internal static class Instruments
{
    private static readonly Lazy<IReadOnlySet<string>> Found = new(Find);

    /// <summary>Every series name that Winnow's instruments can give.</summary>
    public static IReadOnlySet<string> Names => Found.Value;

    private static HashSet<string> Find()
    {
        foreach (var type in new[] { typeof(WinnowTelemetry), typeof(SiloGauges), typeof(InferenceTelemetry) })
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        var names = new HashSet<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name is WinnowTelemetry.Name or WinnowTelemetry.InferenceName) names.UnionWith(SeriesOf(instrument));
        };
        listener.Start();
        return names;
    }

    /// <summary>
    /// OpenTelemetry's translation: dots become underscores, the unit is appended where the name does not end with it, then what the kind
    /// calls for.
    /// </summary>
    private static IEnumerable<string> SeriesOf(Instrument instrument)
    {
        var kind = instrument.GetType().Name;
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        var name = instrument.Name.Replace('.', '_');
        if (!name.EndsWith(unit, StringComparison.Ordinal)) name += unit;
        if (kind.StartsWith("Histogram", StringComparison.Ordinal)) return [$"{name}_bucket", $"{name}_sum", $"{name}_count"];
        return [kind.StartsWith("Counter", StringComparison.Ordinal) ? $"{name}_total" : name];
    }
}
