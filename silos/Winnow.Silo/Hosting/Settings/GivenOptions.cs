using System.Collections;
using Winnow.Model.Names;

namespace Winnow.Silo.Hosting.Settings;

/// <summary>Which places options are read from.</summary>
internal enum OptionPlaces
{
    /// <summary>The file beside the program, the environment, the command line.</summary>
    All,

    /// <summary>The command line: for programs that run a server of their own, whatever is set around them.</summary>
    Arguments,
}

/// <summary>
/// The options that a silo was given, each checked by name and form, the later place before the earlier: <c>appsettings.json</c> beside
/// the program, variables <c>WINNOW_Section__Name</c>, arguments <c>--Section:Name value</c>. Nothing else counts: what other programs
/// keep in the environment, such as ROLE, URLS or ASPNETCORE_URLS, is theirs. The exporter of telemetry reads its own OTEL_ variables,
/// as everywhere.
/// </summary>
internal sealed class GivenOptions
{
    private const string Prefix = "WINNOW_";
    private const string File = "appsettings.json";

    // Variables of the same family that are not the server's: its weights' cache, and the command line client's.
    private static readonly HashSet<string> Others = new(StringComparer.OrdinalIgnoreCase)
    {
        "CACHE",
        "SERVER",
        "KEY",
        "KEY_FILE",
        "ACTOR",
    };

    private readonly List<IEnumerable<KeyValuePair<string, string?>>> _layers = [];

    private GivenOptions()
    {
    }

    /// <summary>Variables that look like options and are none, such as those that Kubernetes sets for a service called winnow.</summary>
    public List<string> Ignored { get; } = [];

    /// <exception cref="InvalidOperationException">An option is not known or cannot be read; the message says which.</exception>
    public static GivenOptions Read(string[] arguments, OptionPlaces places)
    {
        var given = new GivenOptions();
        if (places == OptionPlaces.All)
        {
            given.ReadFile(Path.Combine(AppContext.BaseDirectory, File));
            given.ReadEnvironment(Environment.GetEnvironmentVariables());
        }
        given._layers.Add(CommandLine.Parse(arguments));
        return given;
    }

    /// <summary>Puts them where the host's parts look for them.</summary>
    public void AddTo(IConfigurationBuilder configuration)
    {
        foreach (var layer in _layers) configuration.AddInMemoryCollection(layer);
    }

    private void ReadFile(string path)
    {
        if (!System.IO.File.Exists(path)) return;
        IConfigurationRoot read;
        try
        {
            // Not watched: a change takes a start, and machines with many containers run out of what watching takes.
            read = new ConfigurationBuilder().AddJsonFile(path, optional: true, reloadOnChange: false).Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"{path} cannot be read: {(e.InnerException ?? e).Message}", e);
        }
        // A list without elements is read as a text without characters.
        var options = read.AsEnumerable().Where(o => o.Value is not null && !(o.Value.Length == 0 && OptionTree.All.IsSection(o.Key)))
            .ToList();
        foreach (var (name, value) in options) Demand(OptionTree.All.Check(name, value, n => $"{n} in {path}"));
        _layers.Add(options);
    }

    private void ReadEnvironment(IDictionary variables)
    {
        var own = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var exporter = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in variables)
        {
            var (variable, value) = ((string)entry.Key, (string?)entry.Value);
            if (variable.StartsWith("OTEL_", StringComparison.Ordinal)) exporter[variable] = value;
            if (!variable.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || variable.Length == Prefix.Length) continue;
            var written = variable[Prefix.Length..];
            if (Others.Contains(written)) continue;
            var name = written.Replace("__", ":", StringComparison.Ordinal);
            if (OptionTree.All.Check(name, value, n => Prefix + n.Replace(":", "__", StringComparison.Ordinal)) is { } wrong)
            {
                // A section, or a letter off: meant for this server. Anything else may be somebody's who calls a thing of theirs winnow.
                if (name.Contains(':') || IsKnown(name)
                    || NearestName.Of(name, OptionTree.All.Names.Where(n => !n.Contains(':'))) is not null)
                    throw new InvalidOperationException(wrong);
                Ignored.Add(variable);
                continue;
            }
            if (own.TryGetValue(name, out var other) && other != value)
                throw new InvalidOperationException(
                    $"{variable} stands in the environment twice, in other capitals each time, with different values. Leave one.");
            own[name] = value;
        }
        _layers.Add(exporter);
        _layers.Add(own);
    }

    private static bool IsKnown(string name) =>
        OptionTree.All.Names.Any(n =>
        n.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (n.Length == name.Length || n[name.Length] == ':'));

    private static void Demand(string? wrong)
    {
        if (wrong is not null) throw new InvalidOperationException(wrong);
    }
}
