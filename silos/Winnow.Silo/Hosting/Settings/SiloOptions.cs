using Winnow.Adapters.Images.Buckets;
using Winnow.Adapters.Images.Lots;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Adapters.Objects.S3;
using Winnow.Adapters.Scoring;
using Winnow.Grains.Backup;
using Winnow.Grains.Buckets;
using Winnow.Grains.Placement;
using Winnow.Grains.Settings;
using Winnow.Inference.Images;
using Winnow.Inference.Scoring;
using Winnow.Inference.Weights;
using Winnow.Web;

namespace Winnow.Silo.Hosting.Settings;

/// <summary>Everything that can be configured. Each part says its defaults and limits.</summary>
public sealed class SiloOptions
{
    /// <summary>
    /// What this process does: <c>all</c>, <c>core</c> (data), <c>scoring</c> (devices) or <c>gateway</c> (HTTP). Default <c>all</c>; the
    /// others need <c>Postgres</c> and <c>S3</c>.
    /// </summary>
    public string Role { get; set; } = SiloTraits.All;

    /// <summary>
    /// Folder of the embedded storage, and of local copies in a cluster. Default <c>winnow-data</c> in the working folder.
    /// </summary>
    public string Data { get; set; } = "winnow-data";

    /// <summary>The database of a cluster. Default none: rows are kept in <see cref="Data"/>, and the silo is alone.</summary>
    public PostgresOptions? Postgres { get; set; }

    /// <summary>The bucket of a cluster. Default none: objects are kept in <see cref="Data"/>, which only one silo can do.</summary>
    public S3Options? S3 { get; set; }

    /// <summary>The cluster that this silo belongs to.</summary>
    public ClusterSettings Cluster { get; set; } = new();

    /// <summary>The front door.</summary>
    public ApiOptions Api { get; set; } = new();

    /// <summary>What an image may cost.</summary>
    public ImageLimits Images { get; set; } = new();

    /// <summary>What lots may hold while they are taken in.</summary>
    public LotOptions Lots { get; set; } = new();

    /// <summary>Further servers that images may be read from, by the name that sources give. Default none.</summary>
    public Dictionary<string, BucketServerOptions> Buckets { get; set; } = [];

    /// <summary>How buckets are read.</summary>
    public BucketSourceOptions Sources { get; set; } = new();

    /// <summary>What restores may take.</summary>
    public RestoreOptions Restore { get; set; } = new();

    /// <summary>How shards work.</summary>
    public ShardOptions Shard { get; set; } = new();

    /// <summary>The device.</summary>
    public ScoringOptions Scoring { get; set; } = new();

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        if (string.IsNullOrWhiteSpace(Data)) return "Data must name a folder.";
        if (!SiloTraits.Roles.Contains(Role)) return $"Role must be one of {string.Join(", ", SiloTraits.Roles)}, not '{Role}'.";
        if (Postgres is null != S3 is null)
            return "Postgres and S3 go together: a cluster keeps its rows in the one and its objects in the other. Give both, or neither "
                + "for storage in a folder.";
        if (Role != SiloTraits.All && Postgres is null)
            return $"Role {Role} is one of a cluster: give Postgres and S3 too, or take Role all.";
        Postgres?.Validate();
        Images.Validate();
        if (SiloTraits.Scores(Role) && Scoring.CheckFiles() is { } missing) return missing;
        return Scoring.Check() ?? Cluster.Check() ?? (Postgres is null ? null : Cluster.Tls.Check(TimeProvider.System)) ?? Api.Check()
            ?? Lots.Check() ?? Sources.Check() ?? Restore.Check() ?? Shard.Check();
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

    /// <summary>
    /// Parts that the processors are split into, each a device of its own, where there is no other device. 1 to 64. Default 1.
    /// </summary>
    public int CpuDevices { get; set; } = 1;

    /// <summary>
    /// What backbones compute with: <c>Float32</c>, or <c>Float16</c> for devices that are faster with it. Default <c>Float32</c>. The same
    /// on all scoring silos of a cluster, and for the life of a dataset: images wait rather than be mixed.
    /// </summary>
    public string Precision { get; set; } = nameof(Inference.Scoring.Precision.Float32);

    /// <summary>Folder of the weights. Default <c>WINNOW_CACHE</c> or the user's cache folder.</summary>
    public string? WeightsFolder { get; set; }

    /// <summary>ONNX files by the name that datasets use. Default none: the catalog alone.</summary>
    public Dictionary<string, OwnBackbone> Backbones { get; set; } = [];

    internal string? Check()
    {
        if (Workers is < 0 or > 256) return $"Scoring:Workers must be 0 to 256, not {Workers}.";
        if (MaxBatch is < 1 or > 1024) return $"Scoring:MaxBatch must be 1 to 1024, not {MaxBatch}.";
        if (CpuDevices is < 1 or > 64) return $"Scoring:CpuDevices must be 1 to 64, not {CpuDevices}.";
        if (ToPrecision() is null)
            return $"Scoring:Precision must be {string.Join(" or ", Enum.GetNames<Precision>())}, not '{Precision}'.";
        foreach (var (name, backbone) in Backbones)
        {
            if (string.IsNullOrWhiteSpace(backbone.Path)) return $"Scoring:Backbones:{name}:Path must name an ONNX file.";
            if (backbone.Side is < 1 or > 4096) return $"Scoring:Backbones:{name}:Side must be 1 to 4096, not {backbone.Side}.";
        }
        return null;
    }

    /// <summary>The names of the catalog and those of the files.</summary>
    internal IEnumerable<string> KnownBackbones() => WeightsCatalog.Entries.Select(e => e.Name).Concat(Backbones.Keys).Distinct();

    /// <summary>The first file that is named and is not there; null when all are. Only silos that score need them.</summary>
    internal string? CheckFiles() => Backbones
        .Where(b => !File.Exists(b.Value.Path))
        .Select(b => $"Scoring:Backbones:{b.Key}:Path names {Path.GetFullPath(b.Value.Path)}, which is no file. Put it there, or "
            + $"name another.")
        .FirstOrDefault();

    internal EngineOptions ToEngine() => new() { Workers = Workers == 0 ? Environment.ProcessorCount : Workers, MaxBatch = MaxBatch };

    internal Action<InferenceOptions> Configure(ImageLimits limits, string data) => inference =>
    {
        inference.UseGpu = UseGpu;
        inference.CpuDevices = CpuDevices;
        inference.Precision = ToPrecision() ?? throw new InvalidOperationException(Check());
        inference.NotesFolder = Path.Combine(data, "scoring");
        inference.WeightsFolder = WeightsFolder;
        inference.Limits = limits;
        inference.Engine = ToEngine();
        foreach (var (name, backbone) in Backbones) inference.Backbones[name] = backbone;
    };

    internal Precision? ToPrecision() => Enum.GetValues<Precision>().Cast<Precision?>()
        .FirstOrDefault(p => string.Equals(p.ToString(), Precision, StringComparison.OrdinalIgnoreCase));
}
