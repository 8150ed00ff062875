using Microsoft.Extensions.Logging;
using Winnow.Grains.Columns;
using Winnow.Grains.Layout;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;
using Winnow.Grains.Scoring;

namespace Winnow.Grains.Training;

/// <summary>What the steps of any round reach out to.</summary>
internal sealed record RoundPorts(
    KnownDatasets Datasets, IObjectStore Objects, IModelExporter Exporter, LearnedParts Parts, DeviceDirectory Devices,
    RoundSelections Selections, KnownLevel Level, NewestLevel Newest, TimeProvider Time, ILogger<RoundGrain> Logger);
