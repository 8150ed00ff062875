using System.CommandLine;
using Spectre.Console;
using Winnow.Client;
using Winnow.Model.Names;
using Winnow.Shown;

namespace Winnow.Cli;

/// <summary>
/// Where the server is and who is asking, from options or the environment. An option counts before its variable, and what stands in neither
/// has no default that help would show.
/// </summary>
internal sealed class Connection
{
    private readonly Option<string?> _server = new("--server")
    {
        Description = "Address of the server, with the path that it may stand below. "
            + $"Default $WINNOW_SERVER, else {ConnectionSettings.DefaultServer}.",
        Recursive = true,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "API key. Default $WINNOW_KEY, which other users of this machine cannot read off the command line.",
        Recursive = true,
    };

    private readonly Option<string?> _keyFile = new("--key-file")
    {
        Description = "File that holds the API key and nothing else. Default $WINNOW_KEY_FILE.",
        Recursive = true,
    };

    private readonly Option<string?> _actor = new("--actor")
    {
        Description = "Who acts: what history records. With a key that is the key's principal; another name is refused unless the key may "
            + "act for others. Default $WINNOW_ACTOR; without a key else the name of the user.",
        Recursive = true,
    };

    private readonly Option<int?> _retries = Numbers.WholeOrNone("--retries", 0, ConnectionSettings.MostRetries,
        "How often a request is repeated that met a lost connection or a busy server. Default 8, which takes about a minute.");

    public Connection() => _retries.Recursive = true;

    public IEnumerable<Option> Options => [_server, _key, _keyFile, _actor, _retries];

    /// <summary>A command that talks to the server.</summary>
    public void OnRun(Command command, Func<ParseResult, WinnowClient, CancellationToken, Task<int>> run) =>
        OnRunLocally(command, async (parsed, ct) =>
        {
            var options = Read(parsed);
            if (ProxyNote.Of(options.Address, HttpClient.DefaultProxy, Environment.GetEnvironmentVariable) is { } note)
                await Terminal.ComplainAsync(note);
            using var client = new WinnowClient(options);
            return await run(parsed, client, ct);
        });

    /// <summary>A command that works on this machine alone.</summary>
    public static void OnRunLocally(Command command, Func<ParseResult, CancellationToken, Task<int>> run) =>
        command.SetAction((parsed, ct) => Endings.RunAsync(() => run(parsed, ct), ct));

    private WinnowClientOptions Read(ParseResult parsed)
    {
        var given = new ConnectionSettings(
            parsed.GetValue(_server), parsed.GetValue(_key), parsed.GetValue(_keyFile), parsed.GetValue(_actor), parsed.GetValue(_retries));
        return given.Read(Environment.GetEnvironmentVariable, Environment.UserName) with { OnRetry = RetryLines.Write };
    }

    public static void Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (!ShownWork.Live)
        {
            // For other programs: one line each, fields apart by tabs.
            Terminal.SayFields(head);
            foreach (var row in rows) Terminal.SayFields(row);
            return;
        }
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var h in head) table.AddColumn(Markup.Escape(h));
        foreach (var row in rows) table.AddRow([.. row.Select(c => new Text(ShownText.Clean(c)))]);
        AnsiConsole.Write(table);
    }
}
