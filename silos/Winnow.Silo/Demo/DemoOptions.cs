using System.Globalization;
using System.Numerics;
using Winnow.Model.Datasets;
using Winnow.Model.Names;

namespace Winnow.Silo.Demo;

/// <summary>What the demo was asked to do.</summary>
internal sealed record DemoOptions
{
    public const string Help = """
        Winnow.Silo demo: the whole loop on real images, on this machine.

          --images N       images of the pool, 1,000 to 60,000 (default 12000)
          --labels N       labels per arm, 100 to 10,000, no more than there are images beside the audit sample
                           (default 1000, or as many as there are then)
          --seed N         seeds every random draw (default 0)
          --error-rate P   share of wrong answers of the simulated reviewer, 0 to 1 (default 0)
          --out DIR        gets the picture, summary.json and the data (default ./demo-out)
          --url URL        where to listen (default http://127.0.0.1:5080, another port when that is taken)
          --exit           end when done; without it the server goes on when run on a terminal
        """;

    private static readonly string[] Names = ["--images", "--labels", "--seed", "--error-rate", "--out", "--url", "--exit", "--help"];

    public int Images { get; init; } = 12_000;
    public int Labels { get; init; } = 1_000;
    public ulong Seed { get; init; }
    public double ErrorRate { get; init; }
    public string Out { get; init; } = "demo-out";
    public string? Url { get; init; }
    public bool Exit { get; init; }

    /// <exception cref="DemoException">An option is unknown or out of range.</exception>
    public static DemoOptions Parse(string[] args)
    {
        var options = new DemoOptions();
        var asked = false;
        var given = new HashSet<string>();
        for (var i = 0; i < args.Length; i++)
        {
            if (Names.Contains(args[i]) && !given.Add(args[i])) throw new DemoException($"{args[i]} stands twice. Leave one.");
            asked |= args[i] == "--labels";
            string Value() => i + 1 < args.Length ? args[++i] : throw new DemoException($"{args[i]} needs a value: {args[i]} VALUE.");
            options = args[i] switch
            {
                "--images" => options with { Images = Number(Value(), "--images", 1_000, 60_000) },
                "--labels" => options with { Labels = Number(Value(), "--labels", 100, 10_000) },
                "--seed" => options with { Seed = Number(Value(), "--seed", ulong.MinValue, ulong.MaxValue) },
                "--error-rate" => options with { ErrorRate = Share(Value(), "--error-rate") },
                "--out" => options with { Out = Value() },
                "--url" => options with { Url = Value() },
                "--exit" => options with { Exit = true },
                var other => throw new DemoException($"'{other}' is no option of the demo. {NearestName.Suggest(other, Names)}"),
            };
        }
        // What is drawn for the audit is not asked for training.
        var audit = new DatasetSettings().AuditSample;
        var most = options.Images - audit;
        if (asked && options.Labels > most)
        {
            throw new DemoException(string.Create(CultureInfo.InvariantCulture,
                $"--labels can be {most} at most, not {options.Labels}: of {options.Images} images {audit} are the audit sample. ")
                + "Ask for fewer labels, or take more images.");
        }
        return options with { Labels = Math.Min(options.Labels, most) };
    }

    private static T Number<T>(string text, string name, T least, T most) where T : struct, IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) && n >= least && n <= most
            ? n
            : throw new DemoException(string.Create(CultureInfo.InvariantCulture, $"{name} must be {least} to {most}, not '{text}'."));

    /// <summary>Without separators of thousands, by which <c>0,1</c> would be 1.</summary>
    private static double Share(string text, string name) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var p) && p is >= 0 and <= 1
            ? p
            : throw new DemoException($"{name} must be 0 to 1, not '{text}'.");

    /// <summary>Label counts at which a model is trained: close together where the curve is steep.</summary>
    public IReadOnlyList<int> Budgets() =>
        [.. new[] { 20, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 1500, 2000, 3000, 5000,
            7500 }.Where(b => b < Labels), Labels];
}
