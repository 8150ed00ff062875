using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Winnow.Client;

namespace Winnow.Web.Tests.Client;

/// <summary>Servers that are not reached: one sentence each, which says what to do, and no waiting where waiting cannot help.</summary>
public sealed class UnreachableTests
{
    private static async Task<string> WhyAsync(Uri address, int retries = 0)
    {
        // A pause so long that no test would see the second attempt.
        using var client = new WinnowClient(
            new WinnowClientOptions { Address = address, RetryAttempts = retries, RetryDelay = TimeSpan.FromSeconds(30) });
        return (await Assert.ThrowsAsync<HttpRequestException>(() => client.ListDatasetsAsync())).Message;
    }

    [Fact]
    public async Task Nobody_listens()
    {
        var address = new Uri($"http://127.0.0.1:{Server.FreePort()}/below/");
        Assert.Equal($"Nothing listens at {address.ToString().TrimEnd('/')}: start the server there, or correct the address.",
            await WhyAsync(address));
    }

    [Theory]
    [InlineData("http://no-such-host.invalid", "no-such-host.invalid")]
    [InlineData("http://bücher.invalid:5080", "bücher.invalid")]
    public async Task A_name_that_is_not_known(string address, string host)
    {
        var why = await WhyAsync(new Uri(address));
        Assert.StartsWith($"The name {host} of the server ", why);
        Assert.EndsWith("Correct the address, or the machine's name service (DNS).", why);
    }

    [Fact]
    public async Task Https_where_http_is_spoken_is_not_tried_again()
    {
        await using var app = await StartAsync(null);
        Assert.Contains("does not speak https: write http:// in the address",
            await WhyAsync(new Uri(app.Urls.First().Replace("http:", "https:")), retries: 5));
    }

    [Fact]
    public async Task Http_where_https_is_spoken()
    {
        await using var app = await StartAsync(Certificate("localhost"));
        Assert.Contains("If it speaks https, write https:// in the address.",
            await WhyAsync(new Uri(app.Urls.First().Replace("https:", "http:"))));
    }

    [Fact]
    public async Task Certificates_that_are_not_accepted_say_what_is_wrong_and_are_not_tried_again()
    {
        await using var unknown = await StartAsync(Certificate("localhost"));
        var port = new Uri(unknown.Urls.First()).Port;
        Assert.Contains("an issuer whom this machine does not trust", await WhyAsync(new Uri($"https://localhost:{port}"), retries: 5));
        Assert.Contains("is not for 127.0.0.1: use a name that it is for",
            await WhyAsync(new Uri($"https://127.0.0.1:{port}"), retries: 5));
        await using var ended = await StartAsync(Certificate("localhost", days: -2));
        Assert.Matches("has ended or has not begun|does not trust",
            await WhyAsync(new Uri($"https://localhost:{new Uri(ended.Urls.First()).Port}"), retries: 5));
    }

    [Fact]
    public async Task A_connection_that_ends_without_an_answer()
    {
        await using var app = await StartAsync(null, context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        Assert.Contains("closed the connection before it had answered", await WhyAsync(new Uri(app.Urls.First())));
    }

    [Theory]
    [InlineData(false, "There is no dataset of it, since one appears whole or not at all. See that the server runs, then restore the "
        + "backup again.")]
    [InlineData(true, "See that it runs, look whether the dataset is there, and if it is not, restore the backup again.")]
    public async Task A_server_that_is_gone_in_the_middle_of_a_restore(bool hadAll, string whatToDo)
    {
        const int Size = 24 << 20;
        await using var app = await StartAsync(null, async context =>
        {
            var buffer = new byte[1 << 16];
            for (var read = 0; read < (hadAll ? Size : Size / 4);) read += await context.Request.Body.ReadAsync(buffer);
            context.Abort();
        });
        using var client = new WinnowClient(
            new WinnowClientOptions { Address = new Uri(app.Urls.First()), RetryAttempts = 5, RetryDelay = TimeSpan.FromSeconds(30) });
        using var backup = new MemoryStream(new byte[Size]);
        var why = (await Assert.ThrowsAsync<HttpRequestException>(() => client.RestoreStreamAsync(backup))).Message;
        Assert.StartsWith($"The server {app.Urls.First()} {(hadAll ? "had all of the backup and" : "was gone after ")}", why);
        Assert.Contains("it was stopped or killed, or the connection broke", why);
        Assert.EndsWith(whatToDo, why);
    }

    [Theory]
    [InlineData(301, "on to https://elsewhere.example/: give the server's address as it is there")]
    [InlineData(413, "takes no request of this size")]
    [InlineData(502, "the server itself may be away")]
    [InlineData(200, "without a word of Winnow's")]
    public async Task Pages_of_what_stands_between_are_told_from_answers_of_the_server(int status, string words)
    {
        await using var app = await StartAsync(null, async context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = status == 301 ? "https://elsewhere.example/" : default;
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync("<html><body>Please sign in</body></html>");
        });
        using var client = new WinnowClient(new WinnowClientOptions { Address = new Uri(app.Urls.First()), RetryAttempts = 0 });
        Assert.Contains(words, (await Assert.ThrowsAsync<WinnowApiException>(() => client.ListDatasetsAsync())).Message);
        Assert.Contains(words, (await Assert.ThrowsAsync<WinnowApiException>(() => client.OpenExportAsync("d", 1, "csv"))).Message);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a", "b")]
    public async Task A_list_whose_pages_go_round_in_circles_ends(params string[] pages)
    {
        var asked = 0;
        await using var app = await StartAsync(null, async context =>
        {
            var next = pages[asked++ % pages.Length];
            context.Response.ContentType = "application/json";
            context.Response.Headers["Winnow-Next"] = next;
            var images = context.Request.Path.Value!.EndsWith("/images", StringComparison.Ordinal);
            await context.Response.WriteAsync(images ? $$"""{"images":[],"next":"{{next}}"}""" : "[]");
        });
        using var client = new WinnowClient(new WinnowClientOptions { Address = new Uri(app.Urls.First()), RetryAttempts = 0 });
        Assert.Contains("names the same next page twice",
            (await Assert.ThrowsAsync<InvalidDataException>(() => client.ListDatasetsAsync())).Message, StringComparison.Ordinal);
        Assert.Equal(pages.Length + 1, asked);
        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (var _ in client.ListImagesAsync("pets"))
            {
            }
        });
    }

    [Fact]
    public void A_proxy_that_leads_nowhere_is_named()
    {
        var refused = new HttpRequestException(HttpRequestError.ConnectionError, "x", new System.Net.Sockets.SocketException(111));
        var why = Unreachable.Explain(new Uri("http://winnow.example:5080/"), new Uri("http://proxy.example:3128"), refused);
        Assert.StartsWith("The proxy proxy.example:3128, which the environment names", why);
        Assert.Contains("does not lead to http://winnow.example:5080", why);
        Assert.EndsWith("or add winnow.example to no_proxy.", why);
    }

    [Theory]
    [InlineData("http://localhost:5080/", true)]
    [InlineData("http://127.0.0.1:5080/", true)]
    [InlineData("http://127.4.5.6/", true)]
    [InlineData("http://[::1]:5080/", true)]
    [InlineData("http://winnow.example/", false)]
    public void No_proxy_stands_between_this_machine_and_itself(string address, bool direct)
    {
        var proxy = new LoopbackProxy(new WebProxy("http://proxy.example:3128"));
        Assert.Equal(direct, proxy.IsBypassed(new Uri(address)));
        Assert.Equal(direct ? null : new Uri("http://proxy.example:3128"), proxy.GetProxy(new Uri(address)));
    }

    [Fact]
    public async Task What_is_repeated_is_told_before_the_pause()
    {
        var calls = 0;
        await using var app = await StartAsync(null, async context =>
        {
            calls++;
            if (calls == 1) context.Abort();
            else if (calls == 2) await Results.Problem("The store is away.", statusCode: 503).ExecuteAsync(context);
            else await context.Response.WriteAsync("[]");
        });
        var told = new List<RetryNotice>();
        using var client = new WinnowClient(new WinnowClientOptions
        {
            Address = new Uri(app.Urls.First()),
            RetryAttempts = 5,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            OnRetry = told.Add,
        });
        Assert.Empty(await client.ListDatasetsAsync());
        Assert.Equal([(1, 5), (2, 5)], told.Select(t => (t.Attempt, t.Attempts)));
        Assert.Contains("closed the connection", told[0].Reason);
        Assert.Equal("The store is away.", told[1].Reason);
        Assert.All(told, t => Assert.Equal("GET /api/v1/datasets", t.Request));
        Assert.All(told, t => Assert.True(t.Delay >= TimeSpan.Zero));
    }

    private static async Task<WebApplication> StartAsync(X509Certificate2? certificate, RequestDelegate? answer = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        if (certificate is not null)
            builder.WebHost.ConfigureKestrel(k =>
                k.ConfigureHttpsDefaults((HttpsConnectionAdapterOptions o) => o.ServerCertificate = certificate));
        var app = builder.Build();
        app.Urls.Add(certificate is null ? "http://127.0.0.1:0" : "https://127.0.0.1:0");
        app.Run(answer ?? (context => context.Response.WriteAsync("[]")));
        await app.StartAsync();
        return app;
    }

    private static X509Certificate2 Certificate(string name, int days = 1)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-3), now.AddDays(days));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
