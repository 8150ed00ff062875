using System.Net;
using Winnow.Client;
using Winnow.Model.Images;
using Winnow.Model.Training;
using Winnow.Testing;
using Winnow.Web.Tests.Images.Buckets;

namespace Winnow.Web.Tests.Scoring;

/// <summary>A backbone that no silo knows is refused at once, and a dataset that has one nevertheless says so.</summary>
public sealed class UnknownBackboneTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-backbone-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_backbone_that_nobody_knows_is_refused_and_a_round_over_it_ends_with_the_reason()
    {
        var dataset = TestBucket.Dataset("odd") with { Settings = TestBucket.Dataset("odd").Settings! with { Shards = 1 } };
        var knowing = new SiloProcessOptions { Folder = _folder.FullName, Arguments = TestBucket.BackboneOptions };
        await using (var first = await SiloProcess.StartAsync(knowing))
        {
            await first.Client.CreateDatasetAsync(dataset);
            await foreach (var result in first.Client.ImportAsync("odd", DrawnImages.EnumerateAsync(40)))
                Assert.Equal(IngestStatus.Accepted, result.Status);
        }

        // The same folder, and nobody knows the name any more.
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions { Folder = _folder.FullName });
        const string Reason = "No backbone is called 'none-here'. Known to the silos that score: mobilenetv3-small.";
        var refused = await Assert.ThrowsAsync<WinnowApiException>(() => silo.Client.CreateDatasetAsync(dataset with { Name = "another" }));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains(Reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--Scoring:Backbones:none-here:Path", refused.Message, StringComparison.Ordinal);
        // One that is there is answered for as ever.
        Assert.Equal("odd", (await silo.Client.CreateDatasetAsync(dataset)).Name);

        await silo.Client.StartRoundAsync("odd", new StartRound(4));
        RoundInfo? round = null;
        await Until.TrueAsync(
            async () => (round = await silo.Client.GetRoundAsync("odd", Arms.Main, 1)).Step is RoundStep.Failed or RoundStep.Done,
            Patience, () => $"the round ends; it stands at {round}");
        Assert.Equal(RoundStep.Failed, round!.Step);
        Assert.Contains(Reason, round.Reason, StringComparison.Ordinal);
        // By then it was tried several times.
        var told = silo.Output.Split('\n').Where(l => l.Contains("wait for their embeddings", StringComparison.Ordinal));
        Assert.Contains(Reason, Assert.Single(told), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", silo.Output, StringComparison.Ordinal);
    }
}
