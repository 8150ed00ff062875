using System.Net;
using System.Net.Sockets;
using System.Text;
using Winnow.Web.Tests.Training;

namespace Winnow.Web.Tests.Requests;

/// <summary>
/// An address with a step of dots, or without a name at its end, means another operation by the time it is read. It is refused as it was
/// sent, past every library.
/// </summary>
[Trait("kind", "security")]
public sealed class PlainPathTests(Server server) : IClassFixture<Server>
{
    [Theory]
    [InlineData("DELETE", "/api/v1/datasets/{0}/sources/..")]
    [InlineData("DELETE", "/api/v1/datasets/{0}/sources/%2e%2e")]
    [InlineData("DELETE", "/api/v1/datasets/{0}/sources/.%2E?x=1")]
    [InlineData("DELETE", "/api/v1/datasets/{0}/backbones/../")]
    [InlineData("DELETE", "/api/v1/datasets/{0}/.")]
    [InlineData("DELETE", "/api/v1/datasets/{0}/")]
    [InlineData("DELETE", "/api/v1/datasets/other/../{0}")]
    [InlineData("DELETE", "/api/v1//datasets/{0}")]
    [InlineData("DELETE", "http://localhost/api/v1/datasets/{0}/sources/..")]
    [InlineData("POST", "/api/v1/datasets/{0}/split/")]
    [InlineData("GET", "/api/v1/datasets/{0}/images/../status")]
    public async Task An_address_that_leads_elsewhere_is_refused(string method, string address)
    {
        var dataset = await server.Client.DatasetAsync(0, scored: false);
        var target = string.Format(System.Globalization.CultureInfo.InvariantCulture, address, dataset);
        using var tcp = new TcpClient(AddressFamily.InterNetwork);
        await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await using var stream = tcp.GetStream();
        string[] request =
        [
            $"{method} {target} HTTP/1.1", $"Host: {(target[0] == '/' ? server.Address.Authority : "localhost")}", "Content-Length: 0",
            "Connection: close", "", "",
        ];
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", request)));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("Nothing was done.", answer, StringComparison.Ordinal);
        Assert.Equal(dataset, (await server.Client.GetDatasetAsync(dataset)).Name);
    }
}
