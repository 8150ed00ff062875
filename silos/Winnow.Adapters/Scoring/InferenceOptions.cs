using Winnow.Inference.Images;
using Winnow.Inference.Scoring;

namespace Winnow.Adapters.Scoring;

/// <summary>What this silo decodes and scores with.</summary>
public sealed class InferenceOptions
{
    /// <summary>Whether to use CUDA devices where there are any. Default: yes; without one the CPU is used.</summary>
    public bool UseGpu { get; set; } = true;

    /// <summary>What backbones compute with; the same on all scoring silos of a cluster. Default <see cref="Precision.Float32"/>.</summary>
    public Precision Precision { get; set; } = Precision.Float32;

    /// <summary>Folder of the weights; null for <c>$WINNOW_CACHE</c> or the user's cache folder.</summary>
    public string? WeightsFolder { get; set; }

    /// <summary>
    /// Parts that the processors are split into, each a device with its share of the workers, where there is no other device. 1 to 64.
    /// Default 1.
    /// </summary>
    public int CpuDevices { get; set; } = 1;

    /// <summary>
    /// Folder of this silo's own where it notes what it has under way, so that an image which ends the process is found after the restart.
    /// Default null: nothing is noted.
    /// </summary>
    public string? NotesFolder { get; set; }

    /// <summary>Limits on images.</summary>
    public ImageLimits Limits { get; set; } = new();

    /// <summary>How a device is fed.</summary>
    public EngineOptions Engine { get; set; } = new();

    /// <summary>Backbones from ONNX files of one's own, by the name that datasets use.</summary>
    public Dictionary<string, OwnBackbone> Backbones { get; } = new(StringComparer.Ordinal);

    /// <summary>Checks all settings.</summary>
    /// <exception cref="ArgumentException">A setting is missing or out of range; the message names it.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Limits);
        ArgumentNullException.ThrowIfNull(Engine);
        Limits.Validate();
        Engine.Validate();
        if (CpuDevices is < 1 or > 64)
            throw new ArgumentOutOfRangeException(nameof(CpuDevices), CpuDevices,
                $"{nameof(InferenceOptions)}.{nameof(CpuDevices)} must be 1 to 64.");
        if (!Enum.IsDefined(Precision))
            throw new ArgumentOutOfRangeException(nameof(Precision), Precision,
                $"{nameof(InferenceOptions)}.{nameof(Precision)} must be {string.Join(" or ", Enum.GetNames<Precision>())}.");
        foreach (var (name, backbone) in Backbones)
            if (string.IsNullOrWhiteSpace(backbone.Path))
                throw new ArgumentException(
                    $"{nameof(InferenceOptions)}.{nameof(Backbones)}['{name}'].{nameof(OwnBackbone.Path)} must name an ONNX file.");
    }
}

/// <summary>A backbone from an ONNX file.</summary>
public sealed class OwnBackbone
{
    /// <summary>The file.</summary>
    public string Path { get; set; } = "";

    /// <summary>Its SHA-256 in hex; null takes the file as it is.</summary>
    public string? Sha256 { get; set; }

    /// <summary>The output that is the embedding; null where there is only one.</summary>
    public string? Output { get; set; }

    /// <summary>Pixels of the square input, where the file leaves that open. Default 160.</summary>
    public int Side { get; set; } = 160;
}
