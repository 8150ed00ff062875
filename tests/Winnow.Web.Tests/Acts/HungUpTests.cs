using System.Reflection;
using Winnow.Model.Acts;
using Winnow.Model.Security;
using Winnow.Testing;
using Winnow.Web.Security;
using Winnow.Web.Tests.Security;

namespace Winnow.Web.Tests.Acts;

/// <summary>Nobody changes something and leaves no act by hanging up while it is done.</summary>
[Trait("kind", "security")]
public sealed class HungUpTests(MatrixSetup<HangingServer> setup) : IClassFixture<MatrixSetup<HangingServer>>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Who may ask whether the caller still listens, and why: none of them is a handler between work and its act, which the filter of acts
    /// keeps from it.
    /// </summary>
    private static readonly Dictionary<string, string> MayAsk = new()
    {
        ["KeyHandler.cs"] = "before anything is done",
        ["SessionHandler.cs"] = "before anything is done",
        ["RuleHandler.cs"] = "before anything is done",
        ["Problems.cs"] = "afterwards",
        ["ImageEndpoints.cs"] = "reads the lot, and takes it in to its end",
        ["NotificationEndpoint.cs"] = "leaves no act",
        ["StudioEndpoints.cs"] = "gives out a page",
        ["StudioPage.cs"] = "gives out a page",
        ["ReviewEndpoints.cs"] = "gives back what came for somebody who is gone",
        ["BackupEndpoints.cs"] = "writes lines behind the act",
    };

    [Fact]
    public async Task Every_operation_that_is_begun_leaves_its_act_though_its_caller_hangs_up()
    {
        var door = (HangingServer)setup.Door;
        var rules = OperationActsTests.RulesOf(door);
        var tried = new List<string>();
        var wrong = new List<string>();
        foreach (var operation in setup.Operations)
        {
            if (!rules.TryGetValue(operation.Name, out var rule) || rule.How is not (ActWriting.BeforeAnswer or ActWriting.Soon)
                || !MatrixRequests.MaySucceed(operation) || OperationActsTests.NotBroughtAbout.Contains(operation.Name)) continue;
            tried.Add(operation.Name);
            var (cluster, dataset) = (await EndAsync(null), await EndAsync(MatrixSetup.Own));
            using var request = MatrixRequests.Make(
                operation, MatrixSetup.Own, setup.Image, setup.Spare, setup.InCluster[Role.Owner]);
            if (operation.Name.EndsWith("/rounds", StringComparison.Ordinal)) request.Headers.Remove("Idempotency-Key");
            request.Headers.Add(HangingServer.Header, "1");
            try
            {
                using var response = await setup.Http.SendAsync(request);
                await response.Content.ReadAsByteArrayAsync();
            }
            catch (HttpRequestException)
            {
                // Its connection is cut.
            }
            try
            {
                await Until.TrueAsync(async () => (await SinceAsync(cluster, dataset)).SequenceEqual(rule.Kinds), Patience,
                    () => $"{operation.Name} leaves {string.Join(", ", rule.Kinds)}");
            }
            catch (TimeoutException late)
            {
                wrong.Add(late.Message);
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(tried.Count > 15, $"only {string.Join(", ", tried)} were tried");
        Assert.True(door.HungUp > 10, $"{door.HungUp} hung up");
    }

    [Fact]
    public void No_handler_asks_whether_its_caller_still_listens_but_those_that_are_named()
    {
        var root = typeof(SiloProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Repository").Value!;
        var asking = new[] { "clients/Winnow.Web", "silos/Winnow.Silo" }
            .SelectMany(f => Directory.EnumerateFiles(Path.Combine(root, f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(f => File.ReadAllText(f).Contains("RequestAborted", StringComparison.Ordinal))
            .Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);
        Assert.Equal(MayAsk.Keys.Order(StringComparer.Ordinal), asking);
    }

    private async Task<string?> EndAsync(string? dataset)
    {
        string? after = null;
        while (true)
        {
            var page = await setup.Door.Operator.GetActsAsync(dataset, null, after, 1_000);
            after = page.Next;
            if (!page.More) return after;
        }
    }

    private async Task<IEnumerable<ActKind>> SinceAsync(string? cluster, string? dataset) =>
        (await setup.Door.Operator.GetActsAsync(null, null, cluster, 1_000)).Acts
            .Concat((await setup.Door.Operator.GetActsAsync(MatrixSetup.Own, null, dataset, 1_000)).Acts)
            .DistinctBy(a => (a.Stream, a.Sequence)).Select(a => a.What);
}
