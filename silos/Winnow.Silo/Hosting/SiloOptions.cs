using Winnow.Adapters.Scoring;
using Winnow.Grains.Images;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Web;

namespace Winnow.Silo.Hosting;

/// <summary>Everything that can be configured. Each part says its defaults and limits.</summary>
public sealed class SiloOptions
{
    /// <summary>Folder of the embedded storage. Default <c>winnow-data</c> in the working folder.</summary>
    public string Data { get; set; } = "winnow-data";

    /// <summary>Port for other silos, on loopback. 1 to 65,535. Default 11111.</summary>
    public int SiloPort { get; set; } = 11111;

    /// <summary>Port for Orleans clients, on loopback. 1 to 65,535. Default 30000.</summary>
    public int GatewayPort { get; set; } = 30000;

    /// <summary>The front door.</summary>
    public ApiOptions Api { get; set; } = new();

    /// <summary>What an image may cost.</summary>
    public ImageLimits Images { get; set; } = new();

    /// <summary>How shards work.</summary>
    public ShardOptions Shard { get; set; } = new();

    /// <summary>The device.</summary>
    public ScoringOptions Scoring { get; set; } = new();

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (string.IsNullOrWhiteSpace(Data)) return "Data must name a folder.";
        if (SiloPort is < 1 or > 65535) return $"SiloPort must be 1 to 65535, not {SiloPort}.";
        if (GatewayPort is < 1 or > 65535) return $"GatewayPort must be 1 to 65535, not {GatewayPort}.";
        return Api.Check() ?? Shard.Check();
    }
}

/// <summary>The devices and their backbones.</summary>
public sealed class ScoringOptions
{
    /// <summary>Loops that decode and run beside each other; 0 for one per core. 0 to 256. Default 0.</summary>
    public int Workers { get; set; }

    /// <summary>Most images in one run of the model. 1 to 1,024. Default 16.</summary>
    public int MaxBatch { get; set; } = 16;

    /// <summary>Whether to use CUDA devices where there are any. Default true; without one the CPU is used.</summary>
    public bool UseGpu { get; set; } = true;

    /// <summary>Folder of the weights. Default <c>WINNOW_CACHE</c> or the user's cache folder.</summary>
    public string? WeightsFolder { get; set; }

    /// <summary>ONNX files by the name that datasets use. Default none: the catalog alone.</summary>
    public Dictionary<string, OwnBackbone> Backbones { get; set; } = [];

    internal EngineOptions ToEngine() => new() { Workers = Workers == 0 ? Environment.ProcessorCount : Workers, MaxBatch = MaxBatch };

    internal Action<InferenceOptions> Configure(ImageLimits limits) => inference =>
    {
        inference.UseGpu = UseGpu;
        inference.WeightsFolder = WeightsFolder;
        inference.Limits = limits;
        inference.Engine = ToEngine();
        foreach (var (name, backbone) in Backbones) inference.Backbones[name] = backbone;
    };
}
