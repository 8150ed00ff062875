using System.Globalization;
using System.Text.Json;
using Winnow.Testing;

namespace Winnow.Deploy.Tests.Telemetry;

/// <summary>A real Prometheus that reads a silo every second, under the project's own rules.</summary>
internal sealed class RealPrometheus : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-prometheus-");
    private readonly HttpClient _http = new();
    private string _address = "";

    private Dictionary<string, string> Settings => new() { ["SERVICE_ROOT"] = _folder.FullName };

    public static async Task<RealPrometheus> StartAsync(int port)
    {
        var prometheus = new RealPrometheus();
        var rules = Path.Combine(prometheus._folder.FullName, "alerts.yml");
        // Evaluated as often as figures are read, so that what moves in seconds is seen to move.
        await File.WriteAllTextAsync(rules,
            Repository.Read("deploy/prometheus/alerts.yml").Replace("interval: 15s", "interval: 1s", StringComparison.Ordinal));
        var settings = prometheus.Settings;
        (settings["PROMETHEUS_TARGETS"], settings["PROMETHEUS_RULES"]) =
            (string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), rules);
        prometheus._address = (await ServiceScript.RunAsync("prometheus", ["start"], settings)).Single();
        return prometheus;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await ServiceScript.RunAsync("prometheus", ["stop"], Settings);
        _folder.Delete(recursive: true);
    }

    /// <summary>The values of each series that a query gives over a time, second by second; what is not a number is left out.</summary>
    public async Task<IReadOnlyList<double[]>> RangeAsync(string query, DateTimeOffset from, DateTimeOffset to)
    {
        var fields = new Dictionary<string, string> { ["query"] = query, ["start"] = Seconds(from), ["end"] = Seconds(to), ["step"] = "1" };
        using var response = await _http.PostAsync(new Uri($"{_address}/api/v1/query_range"), new FormUrlEncodedContent(fields));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{query}: {text}");
        using var answer = JsonDocument.Parse(text);
        return [.. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
            .Select(s => s.GetProperty("values").EnumerateArray()
            .Select(v => double.Parse(v[1].GetString()!, CultureInfo.InvariantCulture)).Where(double.IsFinite).ToArray())];
    }

    /// <summary>Every name of a series that was read.</summary>
    public async Task<string[]> NamesAsync()
    {
        using var answer = JsonDocument.Parse(await _http.GetStringAsync(new Uri($"{_address}/api/v1/label/__name__/values")));
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(n => n.GetString()!)];
    }

    private static string Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)[..^3];
}
