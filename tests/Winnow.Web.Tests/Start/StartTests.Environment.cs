using Winnow.Testing;

namespace Winnow.Web.Tests.Start;

/// <summary>What stands in the environment: the server's own, and what is others'.</summary>
public sealed partial class StartTests
{
    [Theory]
    [InlineData("WINNOW_Shard__RebalanceAftr", "00:00:30",
        "WINNOW_Shard__RebalanceAftr is no option. Is WINNOW_Shard__RebalanceAfter meant?")]
    [InlineData("WINNOW_Rolle", "core", "Is WINNOW_Role meant?")]
    [InlineData("WINNOW_Shard", "5", "WINNOW_Shard holds options and no value")]
    [InlineData("WINNOW_Shard__LotSize", "many", "WINNOW_Shard__LotSize must be a whole number")]
    [InlineData("WINNOW_Api__Key", "", "WINNOW_Api__Key is given, and what is given is blank.")]
    [InlineData("WINNOW_Role", "boss", "Role must be one of all, core, scoring, gateway, not 'boss'")]
    public async Task A_variable_that_is_meant_for_the_server_is_checked_as_an_argument_is(string name, string value, string says) =>
        await SiloRun.RefusedAsync(says, Serving(At("data")), new Dictionary<string, string> { [name] = value });

    [Fact]
    public async Task What_other_programs_keep_in_the_environment_changes_nothing()
    {
        var trap = $"http://127.0.0.1:{Server.FreePort()}";
        var others = new Dictionary<string, string>
        {
            ["ROLE"] = "admin",
            ["DATA"] = At("other"),
            ["URLS"] = trap,
            ["HTTP_PORTS"] = "1",
            ["SCORING__PRECISION"] = "half",
            ["CLUSTER"] = "x",
            ["API__KEY"] = "another-key-of-somebody",
            ["SHARD__LOTSIZE"] = "no",
            ["METRICS__URL"] = "nonsense",
            ["OTLP"] = "nonsense",
            ["POSTGRES__CONNECTIONSTRING"] = "Host=h",
            ["S3__BUCKET"] = "b",
            ["LOGGING__LOGLEVEL__DEFAULT"] = "Nonsense",
            ["KESTREL__ENDPOINTS__X__URL"] = trap,
            ["ORLEANS__CLUSTERING__PROVIDERTYPE"] = "Nonsense",
            ["ASPNETCORE_URLS"] = trap,
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = "No.Such.Assembly",
            ["ASPNETCORE_HTTP_PORTS"] = "1",
            ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
            ["DOTNET_URLS"] = trap,
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["DOTNET_CONTENTROOT"] = "/nowhere",
            ["PGTZ"] = "Nowhere",
            // Of this family, and not the server's: the client's, and what Kubernetes sets for a service called winnow.
            ["WINNOW_SERVER"] = trap,
            ["WINNOW_KEY"] = "k",
            ["WINNOW_ACTOR"] = "ann",
            ["WINNOW_PORT"] = "tcp://10.0.0.1:5080",
            ["WINNOW_SERVICE_HOST"] = "10.0.0.1",
            ["WINNOW_PORT_5080_TCP_ADDR"] = "10.0.0.1",
            ["HOME"] = At("home"),
            // Its own.
            ["WINNOW_Shard__LotSize"] = "32",
        };
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Environment = others, Folder = At("data") });
        Assert.Empty(await silo.Client.ListDatasetsAsync());
        Assert.False(Directory.Exists(At("other")));
        // Nothing reports home from here, or notes who would.
        Assert.False(Directory.Exists(At("home")));
        Assert.Contains($"Winnow listens on {silo.Url.ToString().TrimEnd('/')}\n", silo.Output.ReplaceLineEndings("\n"),
            StringComparison.Ordinal);
        await Until.TrueAsync(() =>
            Task.FromResult(silo.Output.Contains("These variables name no option of the server and do nothing", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(10), () => "what is ignored is told");
        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri($"{trap}/health/live")));
    }
}
