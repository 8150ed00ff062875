using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;
using Xunit.Abstractions;

namespace Winnow.Web.Tests.Images;

/// <summary>What a server holds while much comes at once, measured on a process of its own.</summary>
[Trait("kind", "security")]
public sealed class MemoryTests(ITestOutputHelper output)
{
    private const int Lots = 6, ImagesOfLot = 8, ImageBytes = 10 << 20;

    [Fact]
    public async Task Lots_and_bodies_that_come_at_once_do_not_add_up_in_memory()
    {
        await using var silo = await SiloProcess.StartAsync(new SiloProcessOptions
        {
            Arguments = ["--Lots:Memory", "33554432", "--Lots:MemoryPerPrincipal", "33554432", "--Api:Limits:BodyBytes", "33554432",
                "--Images:MaxBytes", "20971520"],
        });
        var schema = new LabelSchema { Classes = [new LabelClass("cat"), new LabelClass("dog")] };
        await silo.Client.CreateDatasetAsync(new CreateDataset("big", schema, new DatasetSettings { Shards = 1 }));
        using var http = new HttpClient { BaseAddress = silo.Url, Timeout = TimeSpan.FromMinutes(5) };
        // Once by itself, so that what any lot costs is not counted.
        await SendLotAsync(http, 1);
        await using var memory = new ProcessMemory(silo.Id);

        await Task.WhenAll(Enumerable.Range(0, Lots).Select(_ => SendLotAsync(http, ImagesOfLot)));
        var ofLots = (await silo.Client.GetStatusAsync("big")).Images;
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => SendBodyAsync(http)));
        var rise = memory.Rise;

        Assert.Equal(1 + (Lots * ImagesOfLot), ofLots);
        Assert.All(answers, a => Assert.True(a is HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadRequest, a.ToString()));
        Assert.Contains(HttpStatusCode.ServiceUnavailable, answers);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"sent {Lots * ImagesOfLot * (ImageBytes >> 20)} MiB of images and 12 bodies of 24 MiB; memory rose by {rise >> 20} MiB"));
        // 480 MiB of lots and 288 MiB of bodies were sent.
        Assert.InRange(rise, long.MinValue, 200L << 20);
    }

    private static async Task SendLotAsync(HttpClient http, int images)
    {
        using var form = new MultipartFormDataContent();
        for (var i = 0; i < images; i++) form.Add(new ByteArrayContent(RandomNumberGenerator.GetBytes(ImageBytes)), "image", $"{i}.png");
        using var answer = await http.PostAsync("/api/v1/datasets/big/images", form);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>A body of an endless string where a list of decisions belongs.</summary>
    private static async Task<HttpStatusCode> SendBodyAsync(HttpClient http)
    {
        using var body = new StringContent($"[\"{new string('x', 24 << 20)}\"]", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/api/v1/datasets/big/decisions", body);
        return answer.StatusCode;
    }
}
