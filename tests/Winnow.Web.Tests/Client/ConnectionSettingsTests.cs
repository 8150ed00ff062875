using System.Text;
using Winnow.Cli;
using Winnow.Client;

namespace Winnow.Web.Tests.Client;

/// <summary>How the command line finds the server and who is asking.</summary>
public sealed class ConnectionSettingsTests : IDisposable
{
    private const string Key = "wnk_0123456789abcdef_key";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-settings-");

    private static WinnowClientOptions Read(ConnectionSettings given, string user = "ann",
        params (string Name, string Value)[] environment) =>
        given.Read(name => environment.FirstOrDefault(e => e.Name == name).Value, user);

    private static string Wrong(ConnectionSettings given, params (string Name, string Value)[] environment) =>
        Assert.Throws<ArgumentException>(() => Read(given, "ann", environment)).Message;

    private string File(byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, Guid.NewGuid().ToString("n"));
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    [Fact]
    public void An_option_counts_before_its_variable_and_an_empty_variable_says_nothing()
    {
        (string, string)[] environment =
            [("WINNOW_SERVER", "http://there:1/below\n"), ("WINNOW_KEY", Key + "\r\n"), ("WINNOW_ACTOR", "bo")];
        var read = Read(new ConnectionSettings(), environment: environment);
        Assert.Equal(("http://there:1/below", Key, "bo", 8), (read.Address.ToString(), read.Key, read.Actor, read.RetryAttempts));
        read = Read(new ConnectionSettings("https://here/", "another-key", null, "cy", 0), environment: environment);
        Assert.Equal(("https://here/", "another-key", "cy", 0), (read.Address.ToString(), read.Key, read.Actor, read.RetryAttempts));
        read = Read(new ConnectionSettings(),
            environment: [("WINNOW_SERVER", " "), ("WINNOW_KEY", "\n"), ("WINNOW_ACTOR", ""), ("WINNOW_KEY_FILE", "")]);
        Assert.Equal(("http://127.0.0.1:5080/", null, "ann"), (read.Address.ToString(), read.Key, read.Actor));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("müller", "müller")]
    [InlineData("田中", "田中")]
    [InlineData("bell\a", null)]
    public void The_users_own_name_counts_where_it_is_one(string user, string? actor)
    {
        Assert.Equal(actor, Read(new ConnectionSettings(), user).Actor);
        Assert.Null(Read(new ConnectionSettings(Key: Key), user).Actor);
    }

    [Fact]
    public void A_key_comes_out_of_its_file_whatever_an_editor_made_of_it()
    {
        byte[][] files =
        [
            Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes(Key + "\r\n"), Encoding.UTF8.GetBytes($"\n  {Key}\t\n\n"),
            [0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(Key + "\n")], [0xff, 0xfe, .. Encoding.Unicode.GetBytes(Key + "\r\n")],
        ];
        foreach (var file in files)
        {
            Assert.Equal(Key, Read(new ConnectionSettings(KeyFile: File(file))).Key);
            Assert.Equal(Key, Read(new ConnectionSettings(), environment: [("WINNOW_KEY_FILE", File(file))]).Key);
        }
    }

    [Fact]
    public void What_is_wrong_is_said_of_where_it_stands()
    {
        Assert.StartsWith("--server 'localhost:5080' does not say how to speak to it: write http://localhost:5080 or",
            Wrong(new ConnectionSettings("localhost:5080")));
        Assert.StartsWith("WINNOW_SERVER '127.0.0.1' does not say", Wrong(new ConnectionSettings(), ("WINNOW_SERVER", "127.0.0.1")));
        Assert.StartsWith("--server 'http://' is not an address", Wrong(new ConnectionSettings("http://")));
        Assert.StartsWith("--server must be an http or https address", Wrong(new ConnectionSettings("ftp://there")));
        Assert.Contains("Give it without: http://there/winnow", Wrong(new ConnectionSettings("http://there/winnow?x=1")));
        foreach (var blank in new[] { "", " \n" })
        {
            Assert.StartsWith("--key is given, and what is given is blank.",
                Wrong(new ConnectionSettings(Key: blank), ("WINNOW_KEY", Key)));
            Assert.StartsWith("--key-file is given, and what is given is blank.", Wrong(new ConnectionSettings(KeyFile: blank)));
        }
        Assert.StartsWith("--key has a blank at position 2 of 3", Wrong(new ConnectionSettings(Key: "a b")));
        Assert.StartsWith("WINNOW_KEY has a line end at position 2 of 3", Wrong(new ConnectionSettings(), ("WINNOW_KEY", "a\nb")));
        Assert.Contains("which is empty", Wrong(new ConnectionSettings(KeyFile: File([10]))));
        Assert.StartsWith("WINNOW_KEY_FILE names /nowhere, which is not there",
            Wrong(new ConnectionSettings(), ("WINNOW_KEY_FILE", "/nowhere")));
        Assert.StartsWith("--key and --key-file both", Wrong(new ConnectionSettings(Key: "a", KeyFile: "b")));
        (string, string)[] both = [("WINNOW_KEY", Key), ("WINNOW_KEY_FILE", "/nowhere")];
        Assert.Equal("WINNOW_KEY and WINNOW_KEY_FILE both give a key. Unset one of them.", Wrong(new ConnectionSettings(), both));
        Assert.Equal("near", Read(new ConnectionSettings(Key: "near"), environment: both).Key);
        Assert.Equal(Key, Read(new ConnectionSettings(), environment: [("WINNOW_KEY", Key), ("WINNOW_KEY_FILE", " ")]).Key);
        Assert.Equal("--actor must have 1 to 100 printable characters.", Wrong(new ConnectionSettings(Actor: "a\nb")));
        Assert.Equal("--retries must be 0 to 100, not -1.", Wrong(new ConnectionSettings(Retries: -1)));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
