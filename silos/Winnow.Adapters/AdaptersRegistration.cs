using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Datasets;
using Winnow.Adapters.Images;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Objects;
using Winnow.Adapters.Scoring;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;

namespace Winnow.Adapters;

/// <summary>Which adapters stand behind the ports.</summary>
public static class AdaptersRegistration
{
    /// <summary>Ledger, objects and grain state under one folder of this machine.</summary>
    public static IServiceCollection AddEmbeddedStorage(this IServiceCollection services, string folder, string grainStorageName)
    {
        services.AddSingleton(_ => new SqliteLedger(new LedgerOptions { Path = Path.Combine(folder, "ledger.db") }));
        services.AddSingleton<ILedger>(s => s.GetRequiredService<SqliteLedger>());
        services.AddSingleton<IGrainStateStore>(s => s.GetRequiredService<SqliteLedger>());
        services.AddSingleton<IObjectStore>(_ => new FileObjectStore(Path.Combine(folder, "objects")));
        services.AddKeyedSingleton<IGrainStorage>(grainStorageName, (s, _) => new LedgerGrainStorage(s.GetRequiredService<IGrainStateStore>()));
        return services;
    }

    /// <summary>The devices of this machine and what runs on them.</summary>
    public static IServiceCollection AddInference(this IServiceCollection services, ImageLimits limits, EngineOptions engine, BackboneOptions backbones)
    {
        if ((limits.Check() ?? engine.Check()) is { } wrong) throw new ArgumentException(wrong);
        services.AddSingleton(new WeightsCache());
        services.AddSingleton(new ImageDecoder(limits));
        services.AddSingleton(engine);
        services.AddSingleton(backbones);
        services.AddSingleton<IEmbedderProvider, EmbedderProvider>();
        services.AddSingleton<IModelExporter, OnnxModelExporter>();
        return services;
    }

    /// <summary>What the front door needs: taking images in, giving images, versions and models out. One line per export format.</summary>
    public static IServiceCollection AddFrontDoorServices(this IServiceCollection services)
    {
        services.AddSingleton<IImageIntake, ImageIntake>();
        services.AddSingleton<IImageContent, ImageContent>();
        services.AddSingleton<IExportFormat, ImageFolderExport>();
        services.AddSingleton<IExportFormat, CsvExport>();
        services.AddSingleton<IDatasetArchive, DatasetArchive>();
        return services;
    }
}
