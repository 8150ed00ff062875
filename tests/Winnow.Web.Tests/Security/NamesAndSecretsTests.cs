using System.Net;
using System.Net.Sockets;
using System.Text;
using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Security;
using Winnow.Testing;

namespace Winnow.Web.Tests.Security;

/// <summary>Names in any script and keys with whatever stands around them, from the client to the history.</summary>
[Trait("kind", "security")]
public sealed class NamesAndSecretsTests(Server server) : IClassFixture<Server>
{
    [Theory]
    [InlineData("ann", "ann")]
    [InlineData("Ann Müller", "UTF-8''Ann%20M%C3%BCller")]
    [InlineData("田中 花子", null)]
    [InlineData("Ольга", null)]
    [InlineData("مینا\u200cزاده", null)]
    [InlineData("🐈", null)]
    [InlineData("UTF-8''ann", null)]
    [InlineData("100% o'Neil", "100% o'Neil")]
    public void A_name_comes_back_out_of_its_header(string name, string? header)
    {
        Assert.True(ActingName.IsValid(name));
        var value = ActingName.ToHeader(name);
        Assert.All(value, c => Assert.InRange(c, ' ', '~'));
        Assert.Equal(name, ActingName.FromHeader(value));
        if (header is not null) Assert.Equal(header, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ann")]
    [InlineData("ann\n")]
    [InlineData("an\u001b[31mn")]
    [InlineData("ann\u202etxt")]
    [InlineData("a\u2028b")]
    [InlineData("half \ud83d of a pair")]
    public void What_is_not_to_be_seen_is_no_name(string name)
    {
        Assert.False(ActingName.IsValid(name));
        Assert.Contains("Actor must have 1 to 100 printable characters",
            Assert.Throws<ArgumentException>(() => new WinnowClient(new WinnowClientOptions { Actor = name })).Message);
    }

    [Fact]
    public void A_name_has_a_hundred_characters_at_most()
    {
        Assert.True(ActingName.IsValid(new string('é', 100)));
        Assert.False(ActingName.IsValid(new string('é', 101)));
    }

    [Theory]
    [InlineData("Jürgen Groß")]
    [InlineData("王小明")]
    public async Task History_has_the_name_as_it_was_given(string name)
    {
        var dataset = "n" + Guid.NewGuid().ToString("n")[..10];
        using var client = server.As(name);
        await client.CreateDatasetAsync(
            new CreateDataset(dataset, new LabelSchema { Classes = [new("disc"), new("bars")] },
                new DatasetSettings { Shards = 1, AuditSample = 0 }));
        var images = new List<IngestResult>();
        await foreach (var result in client.ImportAsync(dataset, DrawnImages.EnumerateAsync(1, 1, labelled: true))) images.Add(result);
        Assert.Equal(name, Assert.Single((await client.GetImageAsync(dataset, images[0].Id!.Value)).History).Actor);
        var version = await client.CreateVersionAsync(dataset, new CreateVersion());
        Assert.Equal(name, version.CreatedBy);
    }

    [Fact]
    public async Task A_header_may_hold_a_name_in_utf_8_as_it_is()
    {
        // As scripts send it, past every library.
        using var tcp = new TcpClient(AddressFamily.InterNetwork);
        await tcp.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await using var stream = tcp.GetStream();
        var dataset = "u" + Guid.NewGuid().ToString("n")[..10];
        var body = "{\"name\":\"" + dataset + "\",\"schema\":{\"classes\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}";
        string[] request =
        [
            "POST /api/v1/datasets HTTP/1.1", $"Host: {server.Address.Authority}", "Winnow-Actor: Zoë", "Content-Type: application/json",
            $"Content-Length: {body.Length}", "Connection: close", "", body,
        ];
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", request)));
        using var answer = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 200", await answer.ReadToEndAsync());
    }

    [Theory]
    [InlineData("  key\r\n", "key")]
    [InlineData("\ufeffkey", "key")]
    [InlineData("\u200bkey\u0000", "key")]
    [InlineData(" \r\n\t", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void What_stands_around_a_secret_does_not_count(string? given, string? secret) => Assert.Equal(secret, SecretText.Trim(given));

    [Theory]
    [InlineData("ke\ny", "a line end at position 3 of 4")]
    [InlineData("k\rey", "a line end at position 2 of 4")]
    [InlineData("ke y", "a blank at position 3 of 4")]
    [InlineData("ke\u00a0y", "a blank at position 3 of 4")]
    [InlineData("ke\u0007y", "a control character at position 3 of 4")]
    [InlineData("kéy", "a character that is not ASCII at position 2 of 3")]
    public void What_cannot_be_sent_is_told_without_the_secret(string secret, string what)
    {
        var wrong = SecretText.Check("--key", secret)!;
        Assert.StartsWith($"--key has {what}", wrong);
        Assert.DoesNotContain(secret, wrong);
        var thrown = Assert.Throws<ArgumentException>(() => new WinnowClient(new WinnowClientOptions { Key = secret })).Message;
        Assert.StartsWith($"Key has {what}", thrown);
        Assert.DoesNotContain(secret, thrown);
    }

    [Fact]
    public void The_servers_own_key_is_read_like_any_other()
    {
        const string Key = "a-key-of-more-than-16-characters";
        var file = Path.GetTempFileName();
        try
        {
            Assert.Equal(Key, new ApiOptions { Key = Key + "\r\n" }.ReadKey());
            foreach (var text in new[] { Key, Key + "\r\n", $"\ufeff{Key}\n", $"  {Key} " })
            {
                File.WriteAllText(file, text);
                Assert.Equal(Key, new ApiOptions { KeyFile = file }.ReadKey());
            }
            File.WriteAllText(file, "\n");
            // An empty file is no reason to stand open.
            Assert.Contains("which is empty", Assert.Throws<ArgumentException>(() => new ApiOptions { KeyFile = file }.ReadKey()).Message);
            File.WriteAllText(file, Key + "\n" + Key);
            var wrong = Assert.Throws<ArgumentException>(() => new ApiOptions { KeyFile = file }.ReadKey()).Message;
            Assert.StartsWith("Api:KeyFile must hold visible ASCII characters", wrong);
            Assert.DoesNotContain(Key, wrong);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_key_with_a_line_end_opens_what_the_key_opens()
    {
        const string Key = "a-key-of-more-than-16-characters";
        await using var locked = await OwnServer.StartAsync(key: Key + "\n");
        using var client = new WinnowClient(new WinnowClientOptions { Address = locked.Address, Key = $" {Key}\r\n", RetryAttempts = 0 });
        Assert.Equal(Principal.Operator, (await client.WhoamiAsync()).Principal);
    }
}
