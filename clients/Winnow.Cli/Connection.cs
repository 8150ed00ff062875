using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using Winnow.Client;
using Winnow.Inference.Weights;

namespace Winnow.Cli;

/// <summary>Where the server is and who is asking, from options or the environment; and how every command ends: 0 well, 1 refused or failed, 2 misused, 130 stopped.</summary>
internal sealed class Connection
{
    private readonly Option<string> _server = new("--server")
    {
        Description = "Address of the server. Default $WINNOW_SERVER, else http://127.0.0.1:5080.",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("WINNOW_SERVER") ?? "http://127.0.0.1:5080",
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "API key. Default $WINNOW_KEY, which other users of this machine cannot read off the command line.",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("WINNOW_KEY"),
    };

    private readonly Option<string?> _actor = new("--actor")
    {
        Description = "Who acts: what history records. With a key that is the key's principal, and this counts only where the key may act for others. Default $WINNOW_ACTOR; without a key else the name of the user.",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("WINNOW_ACTOR"),
    };

    public IEnumerable<Option> Options => [_server, _key, _actor];

    /// <summary>A command that talks to the server.</summary>
    public void OnRun(Command command, Func<ParseResult, WinnowClient, CancellationToken, Task<int>> run) => OnRunLocally(command, async (parsed, ct) =>
    {
        if (!Uri.TryCreate(parsed.GetValue(_server), UriKind.Absolute, out var address)) throw new ArgumentException($"--server '{parsed.GetValue(_server)}' is not an address.");
        var key = parsed.GetValue(_key);
        using var client = new WinnowClient(new WinnowClientOptions { Address = address, Key = key, Actor = parsed.GetValue(_actor) ?? (key is null ? Environment.UserName : null) });
        return await run(parsed, client, ct);
    });

    /// <summary>A command that works on this machine alone.</summary>
    public static void OnRunLocally(Command command, Func<ParseResult, CancellationToken, Task<int>> run) => command.SetAction(async (parsed, ct) =>
    {
        try
        {
            return await run(parsed, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return 130;
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (HttpRequestException e)
        {
            await Console.Error.WriteLineAsync($"The server at {parsed.GetValue<string>("--server")} cannot be reached: {e.Message} Is it running? See --server.");
            return 1;
        }
        catch (Exception e) when (e is WinnowApiException or WeightsUnavailableException or IOException or TimeoutException or InvalidDataException or JsonException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    });

    /// <summary>Whether a person watches.</summary>
    public static bool Live => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive;

    public static void Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (!Live)
        {
            // For other programs: one line each, fields apart by tabs.
            Console.WriteLine(string.Join('\t', head));
            foreach (var row in rows) Console.WriteLine(string.Join('\t', row));
            return;
        }
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var h in head) table.AddColumn(Markup.Escape(h));
        foreach (var row in rows) table.AddRow([.. row.Select(c => new Text(c))]);
        AnsiConsole.Write(table);
    }
}
